// SPDX-License-Identifier: MIT
#include "cli/cli.h"

#include <string.h>

#include "cmdline/cmdline.h"
#include "proc/exec.h"

// A checklist for a new command: its file src/cli/<family>.c, its prototype in cli.h, its row here.
static const lrc_command table[] = {
    {"dataset import", "make a dataset of a folder or zip archive", lrc_cli_dataset_import, NULL},
    {"dataset list", "the datasets of the workspace", lrc_cli_dataset_list, NULL},
    {"dataset show", "what lies in a dataset", lrc_cli_dataset_show, NULL},
    {"dataset check", "will the trainer take every file of a dataset?", lrc_cli_dataset_check, NULL},
    {"dataset create", "make an empty dataset", lrc_cli_dataset_create, NULL},
    {"tag", "look at images with an ONNX tagger and write captions", NULL, "tag"},
    {"captions add-trigger", "put a trigger word into every caption", lrc_cli_captions_add_trigger, NULL},
    {"captions add-tags", "add tags to every caption that lacks them", lrc_cli_captions_add_tags, NULL},
    {"captions remove-tags", "remove tags from every caption", lrc_cli_captions_remove_tags, NULL},
    {"captions replace-tag", "replace one tag by another", lrc_cli_captions_replace_tag, NULL},
    {"captions replace", "replace text, literally or by pattern", lrc_cli_captions_replace, NULL},
    {"captions normalize", "tidy separators; sort or dedupe tags", lrc_cli_captions_normalize, NULL},
    {"captions find", "captions that hold a text, tag or pattern", lrc_cli_captions_find, NULL},
    {"captions undo", "take back the last edit", lrc_cli_captions_undo, NULL},
    {"captions redo", "do again what was taken back", lrc_cli_captions_redo, NULL},
    {"captions history", "edits that can be taken back", lrc_cli_captions_history, NULL},
    {"captions show", "captions of a dataset, and what tags they hold", lrc_cli_captions_show, NULL},
    {"toml", "the trainer's two configuration files from a training request", lrc_cli_toml, NULL},
    {"check", "what a training would do, before it is paid for", lrc_cli_check, NULL},
    {"train", "train as a request says, as a job that survives this terminal", lrc_cli_train, NULL},
    {"trainer status", "which trainer is connected, and what it lacks", lrc_cli_trainer_status, NULL},
    {"trainer connect", "train with the sd-scripts in a folder", lrc_cli_trainer_connect, NULL},
    {"trainer install", "bring sd-scripts and a Python environment, on request", lrc_cli_trainer_install, NULL},
    {"preset list", "settings with a name: shipped ones and your own", lrc_cli_preset_list, NULL},
    {"preset show", "what a preset sets, and why", lrc_cli_preset_show, NULL},
    {"preset save", "keep a request's settings under a name", lrc_cli_preset_save, NULL},
    {"preset import", "take settings of KNX, kohya_ss or sd-scripts", lrc_cli_preset_import, NULL},
    {"preset diff", "where a request differs from a preset", lrc_cli_preset_diff, NULL},
    {"preset delete", "remove a preset of your own", lrc_cli_preset_delete, NULL},
    {"job list", "all jobs, newest first", lrc_cli_job_list, NULL},
    {"job show", "a job's state, progress, exit and last lines", lrc_cli_job_show, NULL},
    {"job logs", "what a job has said; -f follows it", lrc_cli_job_logs, NULL},
    {"job stop", "stop a job and all its processes", lrc_cli_job_stop, NULL},
    {"job wait", "wait until a job has ended", lrc_cli_job_wait, NULL},
    {"job delete", "remove jobs that have ended", lrc_cli_job_delete, NULL},
    {"job retry", "do an ended job again, with the same inputs", lrc_cli_job_retry, NULL},
    {"job resume", "go on with a training from its furthest whole state", lrc_cli_job_resume, NULL},
    {"job turn", "change a waiting job's priority or time", lrc_cli_job_turn, NULL},
    {"job prune", "remove old jobs that have ended", lrc_cli_job_prune, NULL},
    {"job bundle", "all about a job in one zip, without secrets", lrc_cli_job_bundle, NULL},
    {"queue show", "what runs and waits, in its order", lrc_cli_queue_show, NULL},
    {"queue pause", "start nothing more; what runs goes on", lrc_cli_queue_pause, NULL},
    {"queue resume", "let the queue go on", lrc_cli_queue_resume, NULL},
    {"runner", NULL, lrc_cli_runner, NULL},
    {"settings list", "every setting: value, where it comes from, what it does", lrc_cli_settings_list, NULL},
    {"settings get", "the value of one setting", lrc_cli_settings_get, NULL},
    {"settings set", "change one setting", lrc_cli_settings_set, NULL},
    {"settings unset", "go back to the default of one setting", lrc_cli_settings_unset, NULL},
    {"serve", "the page and the API in your browser", lrc_cli_serve, NULL},
    {"demo", "the whole way once, on a dozen drawn pictures", lrc_cli_demo, NULL},
    {"doctor", "what this machine has of what the studio uses, and what to do about the rest", lrc_cli_doctor, NULL},
    {"version", "version of this program and what it was built with", lrc_cli_version, NULL},
    {"help", "this list; 'lorica COMMAND --help' explains one", lrc_cli_help, NULL},
};
#define COUNT (sizeof table / sizeof table[0])

// Number of words of `name` when argv begins with them, else 0.
static int matches(const char *name, int argc, char **argv)
{
    int words = 0;
    while (*name) {
        const size_t n = strcspn(name, " ");
        if (words >= argc || strlen(argv[words]) != n || memcmp(argv[words], name, n) != 0)
            return 0;
        words++;
        name += n + (name[n] == ' ');
    }
    return words;
}

int lrc_cli_help(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("Lorica: from a folder of images to a trained LoRA.\n\nUsage: lorica COMMAND [options] [arguments]\n\n");
    for (size_t i = 0; i < COUNT; i++)
        if (table[i].summary)
            printf("  %-24s %s\n", table[i].name, table[i].summary);
    printf("\n'lorica COMMAND --help' explains a command. Every command takes --json, --workspace DIR and --quiet.\n");
    return 0;
}

static lrc_common asked_for(int argc, char **argv)
{
    lrc_common common = {0};
    for (int i = 0; i < argc; i++)
        common.json = common.json || strcmp(argv[i], "--json") == 0;
    return common;
}

// Become lorica-worker. Returns only when that fails.
static int hand_on(const lrc_command *command, int argc, char **argv)
{
    static char program[] = "lorica-worker";
    const lrc_common common = asked_for(argc, argv);
    lrc_err err = LRC_ERR_INIT;
    lrc_auto_free char *name = NULL;
    lrc_auto_free char **all = calloc((size_t)argc + 3, sizeof *all);
    if (!all) {
        lrc_fail_memory_(&err);
    } else if (lrc_str_copy(&name, command->worker, &err) == 0) {
        all[0] = program;
        all[1] = name;
        for (int i = 0; i < argc; i++)
            all[i + 2] = argv[i];
        lrc_proc_exec_sibling(program, all, &err);
    }
    return lrc_cmdline_fail(&common, &err);
}

static int unknown(int argc, char **argv)
{
    const lrc_common common = asked_for(argc, argv);
    lrc_err err = LRC_ERR_INIT;
    lrc_fail(&err, LRC_ERR_INVALID, "there is no command '%s'; 'lorica help' lists them", argv[0]);
    return lrc_cmdline_fail(&common, &err);
}

// "lorica dataset" alone: what begins with that word.
static int list_family(const char *word)
{
    int found = 0;
    for (size_t i = 0; i < COUNT; i++)
        if (table[i].summary && strncmp(table[i].name, word, strlen(word)) == 0 && table[i].name[strlen(word)] == ' ') {
            printf("  lorica %-24s %s\n", table[i].name, table[i].summary);
            found++;
        }
    return found;
}

int lrc_cli_main(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return lrc_cli_help(0, NULL);
    if (strcmp(argv[1], "--version") == 0)
        return lrc_cli_version(0, NULL);
    const lrc_command *best = NULL;
    int best_words = 0;
    for (size_t i = 0; i < COUNT; i++) {
        const int words = matches(table[i].name, argc - 1, argv + 1);
        if (words > best_words) {
            best = &table[i];
            best_words = words;
        }
    }
    if (!best)
        return list_family(argv[1]) ? 2 : unknown(argc - 1, argv + 1);
    if (best->worker)
        return hand_on(best, argc - 1 - best_words, argv + 1 + best_words);
    return best->run(argc - 1 - best_words, argv + 1 + best_words);
}
