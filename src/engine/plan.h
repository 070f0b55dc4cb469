// SPDX-License-Identifier: MIT
// plan.h - a net for one batch size and picture size: kernels, and where in memory everything lies.
//
// A plan is made once per shape. It decides which values backward needs again, when each value and gradient begins and
// ends to matter, and gives each a place in one arena so that things that never live at the same time share memory.
// A plan is read-only while running and shared by all workers; each worker has an eng_run (its arena).
// Threads: any number of runs of one plan at once; eng_plan_refresh() only while none runs. May use: net, backend.
#ifndef LRC_ENGINE_PLAN_H
#define LRC_ENGINE_PLAN_H

#include "engine/backend.h"
#include "engine/net.h"

typedef struct eng_shape {
    size_t batch, height, width, tokens; // of the latent picture
} eng_shape;

typedef struct eng_plan eng_plan;

// `train`: with backward for the net's trainable parameters. `net` is borrowed until the plan is freed. LRC_ERR_INVALID
// when the picture cannot be halved as often as the net does it.
int eng_plan_new(const eng_net *net, const eng_shape *shape, bool train, eng_backend backend, eng_plan **ret,
                 lrc_err *err);
void eng_plan_free(eng_plan *p);
LRC_DEFINE_FREEP(eng_plan)
#define eng_auto_plan lrc_cleanup(eng_plan_freep)

size_t eng_plan_arena(const eng_plan *p);          // floats of one run
size_t eng_plan_arena_unshared(const eng_plan *p); // what it would be without sharing, for the curious
const eng_shape *eng_plan_shape(const eng_plan *p);

// Pack the weights that changed since (net->version). false when memory runs out.
bool eng_plan_refresh(eng_plan *p);

typedef struct eng_run eng_run;

int eng_run_new(const eng_plan *p, eng_run **ret, lrc_err *err);
void eng_run_free(eng_run *r);
LRC_DEFINE_FREEP(eng_run)
#define eng_auto_run lrc_cleanup(eng_run_freep)

// Where to put the inputs, valid until the run is freed: latent [batch, h, w, c], timestep sinusoids [batch, ch], token
// ids [batch, tokens].
float *eng_run_latent(eng_run *r);
float *eng_run_timestep(eng_run *r);
int32_t *eng_run_tokens(eng_run *r);

// The output, valid until the next forward or backward; NULL when memory runs out.
const float *eng_run_forward(eng_run *r);
float *eng_run_output_grad(eng_run *r); // the caller fills d loss / d output before backward
// Adds the gradients of the trainable parameters to `grads` (net->trainable_count floats), after a forward. false when
// memory runs out.
bool eng_run_backward(eng_run *r, float *grads);

#endif
