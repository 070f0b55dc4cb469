// SPDX-License-Identifier: MIT
// rng.h - the random numbers of a training run: Mersenne Twister, read the two ways that sd-scripts reads it.
//
// eng_rng_* gives what PyTorch's CPU generator gives after manual_seed(seed): integers are equal, floats within an ulp
// or two (PyTorch's own vector log and cos differ in the last bit). eng_rng_py_* gives what Python's `random` gives
// after random.seed(seed), bit for bit. So a run of sd-scripts on a CPU and one of ours see the same order, timesteps
// and noise. The whole state is in the struct: copying it saves it. One owner thread. May use: libc.
#ifndef LRC_ENGINE_RNG_H
#define LRC_ENGINE_RNG_H

#include <stddef.h>
#include <stdint.h>

#define ENG_MT_WORDS 624

typedef struct eng_rng {
    uint32_t word[ENG_MT_WORDS];
    uint32_t at; // next word; ENG_MT_WORDS: make new ones first
} eng_rng;

// ---- PyTorch ---------------------------------------------------------------------------------------------------------

void eng_rng_seed(eng_rng *r, uint64_t seed); // the low 32 bits count, as in PyTorch
uint32_t eng_rng_u32(eng_rng *r);
// Tensor.uniform_(low, high) over n elements.
void eng_rng_uniform(eng_rng *r, float low, float high, float *out, size_t n);
// torch.randn(n) for n >= 16: whole blocks of 16, the last block drawn again when n is no multiple.
void eng_rng_normal(eng_rng *r, float *out, size_t n);
// torch.randint(low, high, (n,)): high excluded.
void eng_rng_int(eng_rng *r, int64_t low, int64_t high, int64_t *out, size_t n);
// torch.empty((), dtype=int64).random_(): the seed that a DataLoader's sampler draws.
int64_t eng_rng_i63(eng_rng *r);
// torch.randperm(n) of a generator with this seed.
void eng_rng_permutation(uint64_t seed, size_t *out, size_t n);

// ---- Python ----------------------------------------------------------------------------------------------------------

void eng_rng_py_seed(eng_rng *r, uint64_t seed);
double eng_rng_py_random(eng_rng *r); // [0, 1), 53 bits
// random._randbelow(n), n >= 1.
uint64_t eng_rng_py_below(eng_rng *r, uint64_t n);
// random.shuffle(list): `swap` exchanges elements i and j.
void eng_rng_py_shuffle(eng_rng *r, size_t n, void (*swap)(void *list, size_t i, size_t j), void *list);

#endif
