// SPDX-License-Identifier: MIT
// Workers that wait for a round, run it, and report; see backend.h for what a round is.
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>

#include "engine/backend.h"

#define THREADS_MAX 256

struct worker {
    eng_pool *pool;
    int index;
    pthread_t thread;
};

struct eng_pool {
    int threads;
    int started; // workers besides the caller
    struct worker worker[THREADS_MAX];
    pthread_mutex_t lock; // guards all below
    pthread_cond_t begin, end;
    unsigned round;
    bool stop;
    int n, left, inner;
    void (*fn)(void *arg, int i);
    void *arg;
};

// oneDNN is usually built on OpenMP; its number of threads is a property of the calling thread. Looked up at run time,
// so that a build of oneDNN on something else links as well.
void eng_pool_limit(int threads)
{
    void (*set)(int);
    *(void **)&set = dlsym(RTLD_DEFAULT, "omp_set_num_threads");
    if (set)
        set(threads);
}

static void limit_blas(void)
{
    void (*set)(int);
    *(void **)&set = dlsym(RTLD_DEFAULT, "openblas_set_num_threads");
    if (set)
        set(1);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    eng_pool *p = w->pool;
    unsigned seen = 0;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (p->round == seen && !p->stop)
            pthread_cond_wait(&p->begin, &p->lock);
        if (p->stop)
            break;
        seen = p->round;
        if (w->index >= p->n)
            continue;
        const int inner = p->inner;
        pthread_mutex_unlock(&p->lock);
        eng_pool_limit(inner);
        p->fn(p->arg, w->index);
        pthread_mutex_lock(&p->lock);
        if (--p->left == 0)
            pthread_cond_signal(&p->end);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static int cores(void)
{
    cpu_set_t set;
    const int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : n;
}

int eng_pool_new(int threads, eng_pool **ret, lrc_err *err)
{
    if (threads < 0 || threads > THREADS_MAX)
        return lrc_fail(err, LRC_ERR_INVALID, "the number of threads must be 1 to %d (0: all cores)", THREADS_MAX);
    eng_auto_pool eng_pool *p = calloc(1, sizeof *p);
    if (!p)
        return lrc_fail_memory(err);
    p->threads = threads ? threads : cores();
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->begin, NULL);
    pthread_cond_init(&p->end, NULL);
    limit_blas();
    eng_pool_limit(1);
    for (int i = 1; i < p->threads; i++) {
        p->worker[i] = (struct worker){p, i, 0};
        if (pthread_create(&p->worker[i].thread, NULL, work, &p->worker[i]) != 0)
            return lrc_fail(err, LRC_ERR_NO_MEMORY, "cannot start a thread for training");
        p->started++;
    }
    *ret = lrc_take(p);
    return 0;
}

void eng_pool_free(eng_pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_broadcast(&p->begin);
    pthread_mutex_unlock(&p->lock);
    for (int i = 1; i <= p->started; i++)
        pthread_join(p->worker[i].thread, NULL);
    pthread_cond_destroy(&p->begin);
    pthread_cond_destroy(&p->end);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

int eng_pool_threads(const eng_pool *p)
{
    return p->threads;
}

int eng_pool_inner(const eng_pool *p, int n)
{
    return n < p->threads ? p->threads / n : 1;
}

void eng_pool_run(eng_pool *p, int n, void (*fn)(void *arg, int i), void *arg)
{
    if (n <= 0)
        return;
    pthread_mutex_lock(&p->lock);
    p->fn = fn;
    p->arg = arg;
    p->n = n;
    p->left = n - 1;
    p->inner = eng_pool_inner(p, n);
    p->round++;
    if (n > 1)
        pthread_cond_broadcast(&p->begin);
    const int inner = p->inner;
    pthread_mutex_unlock(&p->lock);
    eng_pool_limit(inner);
    fn(arg, 0);
    pthread_mutex_lock(&p->lock);
    while (p->left > 0)
        pthread_cond_wait(&p->end, &p->lock);
    pthread_mutex_unlock(&p->lock);
}
