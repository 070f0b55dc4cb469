// SPDX-License-Identifier: MIT
#include "job/kinds.h"

#include <string.h>

static const lrc_proc_env_rule common_env[] = {
    {"PATH", "programs that a program starts"},
    {"HOME", "caches and settings of libraries"},
    {"USER", "libraries that name their caches after it"},
    {"LOGNAME", "the same"},
    {"LANG", "language of messages"},
    {"LC_*", "the same"},
    {"TZ", "times in messages"},
    {"TMPDIR", "temporary files on the disk that the person chose"},
    {"LD_LIBRARY_PATH", "CUDA and ONNX Runtime outside the system's folders"},
    {"CUDA_*", "which GPUs, and where CUDA lies"},
    {"NVIDIA_*", "the same, in containers"},
    {"OMP_*", "number of threads"},
    {"LORICA_*", "our own: where the workspace and ONNX Runtime lie"},
    {NULL, NULL},
};

static const lrc_proc_env_rule training_env[] = {
    {"VIRTUAL_ENV", "the Python environment that is active"},
    {"CONDA_*", "the same, for conda"},
    {"PYTHON*", "how Python finds modules and hashes"},
    {"XDG_CACHE_HOME", "caches outside HOME"},
    {"HF_*", "where Hugging Face's files lie, mirrors, offline mode, token"},
    {"HUGGING*", "the same, older names"},
    {"TRANSFORMERS_*", "the same, of transformers"},
    {"DIFFUSERS_*", "the same, of diffusers"},
    {"ACCELERATE_*", "accelerate's configuration"},
    {"WANDB_*", "project, mode and key of Weights & Biases"},
    {"TORCH*", "torch: caches, compile and backend switches"},
    {"PYTORCH_*", "memory allocator of torch"},
    {"TRITON_*", "kernel cache of triton"},
    {"XFORMERS_*", "switches of xformers"},
    {"BNB_*", "switches of bitsandbytes"},
    {"NCCL_*", "several GPUs"},
    {"HIP_*", "AMD GPUs"},
    {"HSA_*", "the same"},
    {"ROCM_*", "the same"},
    {"ROCR_*", "the same"},
    {"ZE_*", "Intel GPUs"},
    {"SYCL_*", "the same"},
    {"MKL_*", "threads of MKL"},
    {"KMP_*", "threads of OpenMP"},
    {"OPENBLAS_*", "threads of OpenBLAS"},
    {"NUMEXPR_*", "threads of numexpr"},
    {"http_proxy", "the way to the network"},
    {"https_proxy", "the same"},
    {"no_proxy", "the same"},
    {"all_proxy", "the same"},
    {"HTTP_PROXY", "the same"},
    {"HTTPS_PROXY", "the same"},
    {"NO_PROXY", "the same"},
    {"ALL_PROXY", "the same"},
    {"SSL_CERT_*", "certificates of that way"},
    {"REQUESTS_CA_BUNDLE", "the same"},
    {"CURL_CA_BUNDLE", "the same"},
    {NULL, NULL},
};

static const lrc_proc_env_rule install_env[] = {
    {"PIP_*", "pip: mirrors, caches"},
    {"XDG_CACHE_HOME", "caches outside HOME"},
    {"GIT_*", "git: certificates, proxies"},
    {"http_proxy", "the way to the network"},
    {"https_proxy", "the same"},
    {"no_proxy", "the same"},
    {"all_proxy", "the same"},
    {"HTTP_PROXY", "the same"},
    {"HTTPS_PROXY", "the same"},
    {"NO_PROXY", "the same"},
    {"ALL_PROXY", "the same"},
    {"SSL_CERT_*", "certificates of that way"},
    {"REQUESTS_CA_BUNDLE", "the same"},
    {"CURL_CA_BUNDLE", "the same"},
    {NULL, NULL},
};

static const lrc_proc_env_rule no_env[] = {{NULL, NULL}};

static const lrc_job_kind table[] = {
    {.name = "training",
     .title = "Training",
     .own = false,
     .gpus = 1, // for itself: a second one would have no memory there
     .resume = LRC_JOB_RESUME_STATE,
     .grace_s = -1,
     .success_mark = "model saved.", // sd-scripts, after the last file is written
     .progress = LRC_JOB_PROGRESS_TRAINING,
     .env = training_env},
    {.name = "tagging",
     .title = "Tagging",
     .own = true,
     .gpus = 0, // it uses every core
     .resume = LRC_JOB_RESUME_AGAIN,
     .grace_s = -1,
     .success_mark = NULL,
     .progress = LRC_JOB_PROGRESS_COUNTER,
     .env = no_env},
    {.name = "trainer_install",
     .title = "Install the trainer",
     .own = true,
     .gpus = 0,
     .resume = LRC_JOB_RESUME_AGAIN,
     .grace_s = -1,
     .success_mark = NULL,
     .progress = LRC_JOB_PROGRESS_COUNTER,
     .env = install_env},
};

const lrc_job_kind *lrc_job_kinds(size_t *ret_count)
{
    *ret_count = sizeof table / sizeof table[0];
    return table;
}

const lrc_job_kind *lrc_job_kind_find(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

const lrc_proc_env_rule *lrc_job_env_common(void)
{
    return common_env;
}

const char *lrc_job_resume_name(lrc_job_resume r)
{
    return r == LRC_JOB_RESUME_AGAIN ? "again" : r == LRC_JOB_RESUME_STATE ? "state" : "no";
}
