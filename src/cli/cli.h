// SPDX-License-Identifier: MIT
// cli.h - the commands of `lorica`. One file per command (or per family: dataset.c holds `dataset import|list|…`).
//
// A command gets the arguments after its own words, prints its result and returns the exit code (base/err.h's table).
// The table in cli.c is what `lorica help` prints. Commands that need pixels or models live in lorica-worker; they are
// rows too, marked `worker`, and are exec'd, so that a person sees one program.
#ifndef LRC_CLI_CLI_H
#define LRC_CLI_CLI_H

typedef struct lrc_command {
    const char *name;    // "dataset import"
    const char *summary; // one line; NULL hides it from `lorica help`
    int (*run)(int argc, char **argv);
    const char *worker; // name of the command in lorica-worker; `run` is NULL then
} lrc_command;

// Find the command in argv[1…] and run it. Returns the exit code.
int lrc_cli_main(int argc, char **argv);

// Commands, in the order of the table.
int lrc_cli_dataset_import(int argc, char **argv);
int lrc_cli_dataset_list(int argc, char **argv);
int lrc_cli_dataset_show(int argc, char **argv);
int lrc_cli_dataset_check(int argc, char **argv);
int lrc_cli_dataset_create(int argc, char **argv);
int lrc_cli_captions_add_trigger(int argc, char **argv);
int lrc_cli_captions_add_tags(int argc, char **argv);
int lrc_cli_captions_remove_tags(int argc, char **argv);
int lrc_cli_captions_replace_tag(int argc, char **argv);
int lrc_cli_captions_replace(int argc, char **argv);
int lrc_cli_captions_normalize(int argc, char **argv);
int lrc_cli_captions_find(int argc, char **argv);
int lrc_cli_captions_undo(int argc, char **argv);
int lrc_cli_captions_redo(int argc, char **argv);
int lrc_cli_captions_history(int argc, char **argv);
int lrc_cli_captions_show(int argc, char **argv);
int lrc_cli_toml(int argc, char **argv);
int lrc_cli_trainer_status(int argc, char **argv);
int lrc_cli_trainer_connect(int argc, char **argv);
int lrc_cli_trainer_install(int argc, char **argv);
int lrc_cli_preset_list(int argc, char **argv);
int lrc_cli_preset_show(int argc, char **argv);
int lrc_cli_preset_save(int argc, char **argv);
int lrc_cli_preset_import(int argc, char **argv);
int lrc_cli_preset_diff(int argc, char **argv);
int lrc_cli_preset_delete(int argc, char **argv);
int lrc_cli_job_list(int argc, char **argv);
int lrc_cli_job_show(int argc, char **argv);
int lrc_cli_job_logs(int argc, char **argv);
int lrc_cli_job_stop(int argc, char **argv);
int lrc_cli_job_wait(int argc, char **argv);
int lrc_cli_job_delete(int argc, char **argv);
int lrc_cli_job_retry(int argc, char **argv);
int lrc_cli_job_resume(int argc, char **argv);
int lrc_cli_job_turn(int argc, char **argv);
int lrc_cli_job_prune(int argc, char **argv);
int lrc_cli_job_bundle(int argc, char **argv);
int lrc_cli_queue_show(int argc, char **argv);
int lrc_cli_queue_pause(int argc, char **argv);
int lrc_cli_queue_resume(int argc, char **argv);
int lrc_cli_runner(int argc, char **argv);
int lrc_cli_settings_list(int argc, char **argv);
int lrc_cli_settings_get(int argc, char **argv);
int lrc_cli_settings_set(int argc, char **argv);
int lrc_cli_settings_unset(int argc, char **argv);
int lrc_cli_check(int argc, char **argv);
int lrc_cli_train(int argc, char **argv);
int lrc_cli_serve(int argc, char **argv);
int lrc_cli_demo(int argc, char **argv);
int lrc_cli_doctor(int argc, char **argv);
int lrc_cli_version(int argc, char **argv);
int lrc_cli_help(int argc, char **argv);

#endif
