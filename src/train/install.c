// SPDX-License-Identifier: MIT
#include "train/install.h"

#include <string.h>

#include "base/ascii.h"
#include "base/fs.h"
#include "base/path.h"
#include "proc/spawn.h"
#include "train/trainer.h"

#define FOLDER     "trainer/sd-scripts"
#define STEPS      8
#define HEX_DIGITS 40
#define REF_MAX    (64 << 10)
#define SCRIPT     "train_network.py"

void lrc_install_plan_done(lrc_install_plan *p)
{
    for (size_t i = 0; i < p->count; i++) {
        free(p->step[i].what);
        free(p->step[i].cwd);
        lrc_strv_done(&p->step[i].argv);
    }
    free(p->step);
    free(p->folder);
    free(p->python);
    *p = (lrc_install_plan){0};
}

static int add_step(lrc_install_plan *p, const char *what, const char *cwd, const char *const *words, lrc_err *err)
{
    lrc_install_step *s = &p->step[p->count++];
    if (lrc_str_copy(&s->what, what, err) < 0 || (cwd && lrc_str_copy(&s->cwd, cwd, err) < 0))
        return -1;
    for (size_t i = 0; words[i]; i++)
        if (lrc_strv_push(&s->argv, words[i], err) < 0)
            return -1;
    return 0;
}

static int add_steps(lrc_install_plan *p, const char *python, lrc_err *err)
{
    const char *const in = p->folder;
    const struct {
        const char *what, *cwd;
        const char *words[8];
    } steps[] = {
        {"an empty git repository for sd-scripts", NULL, {"git", "init", "--quiet", in}},
        {"sd-scripts at the revision that Lorica was tried with (10 MB)",
         in,
         {"git", "fetch", "--quiet", "--depth", "1", LRC_SD_SCRIPTS_URL, LRC_SD_SCRIPTS_REVISION}},
        {"its files", in, {"git", "checkout", "--quiet", "--detach", "FETCH_HEAD"}},
        {"a Python environment of its own, in sd-scripts/venv", in, {python, "-m", "venv", "venv"}},
        {"PyTorch (some GB)", in, {p->python, "-m", "pip", "install", "torch", "torchvision"}},
        {"what sd-scripts needs besides", in, {p->python, "-m", "pip", "install", "-r", "requirements.txt"}},
    };
    p->step = calloc(STEPS, sizeof *p->step);
    if (!p->step)
        return lrc_fail_memory(err);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (add_step(p, steps[i].what, steps[i].cwd, steps[i].words, err) < 0)
            return -1;
    return 0;
}

int lrc_install_plan_make(const lrc_workspace *w, const char *python, lrc_install_plan *ret, lrc_err *err)
{
    lrc_auto_install_plan lrc_install_plan p = {0};
    if (lrc_workspace_path(w, FOLDER, &p.folder, err) < 0 ||
        lrc_path_join(&p.python, p.folder, "venv/bin/python", err) < 0 || add_steps(&p, python, err) < 0)
        return -1;
    *ret = p;
    p = (lrc_install_plan){0};
    return 0;
}

static int run_step(const lrc_workspace *w, const lrc_install_step *s, lrc_err *err)
{
    lrc_proc_options o = LRC_PROC_OPTIONS_INIT;
    lrc_auto_proc lrc_proc child = LRC_PROC_INIT;
    lrc_proc_exit how;
    char ended[32];
    o.argv = s->argv.item;
    o.cwd = s->cwd ? s->cwd : w->root;
    o.out = STDOUT_FILENO;
    o.err = STDERR_FILENO;
    if (lrc_proc_spawn(&o, &child, err) < 0 || lrc_proc_wait(&child, -1, &how, err) < 0)
        return -1;
    if (how.code == 0)
        return 0;
    lrc_proc_exit_text(&how, ended);
    return lrc_fail(err, LRC_ERR_IO, "'%s' ended with %s: %s", s->argv.item[0], ended, s->what);
}

int lrc_install_run(const lrc_workspace *w, const lrc_install_plan *p, void (*say)(const char *line), lrc_err *err)
{
    if (lrc_fs_mkdirs(p->folder, err) < 0)
        return -1;
    for (size_t i = 0; i < p->count; i++) {
        say(p->step[i].what);
        if (run_step(w, &p->step[i], err) < 0)
            return -1;
    }
    return lrc_trainer_connect(w, p->folder, p->python, err);
}

// ---- Connecting ------------------------------------------------------------------------------------------------------

// The folder itself, or sd-scripts inside of it, as kohya_ss and others have it.
static int find_scripts(const char *given, char **ret, lrc_err *err)
{
    static const char *const inside[] = {".", "sd-scripts", "sd_scripts"};
    lrc_auto_free char *real = NULL;
    if (lrc_path_real(&real, NULL, given, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++) {
        lrc_auto_free char *folder = NULL, *script = NULL;
        if (lrc_path_real(&folder, real, inside[i], err) < 0 || lrc_path_join(&script, folder, SCRIPT, err) < 0)
            return -1;
        if (lrc_fs_is_file(script)) {
            *ret = lrc_take(folder);
            return 0;
        }
    }
    return lrc_fail_field(err, LRC_ERR_TRAINER_MISSING, "trainer.sd_scripts",
                          "'%s' is no sd-scripts folder: " SCRIPT " is not in it", given);
}

// A Python that does not run is refused before anything is written.
static int probe(const char *python, const char *folder, lrc_err *err)
{
    lrc_trainer t = {0};
    lrc_auto_trainer_probe lrc_trainer_probe found = {0};
    int result = lrc_str_copy(&t.python, python, err);
    if (result == 0)
        result = lrc_str_copy(&t.sd_scripts, folder, err);
    if (result == 0)
        result = lrc_trainer_probe_read(&t, &found, err);
    lrc_trainer_done(&t);
    return result;
}

int lrc_trainer_connect(const lrc_workspace *w, const char *folder, const char *python, lrc_err *err)
{
    lrc_auto_free char *scripts = NULL, *beside = NULL;
    if (find_scripts(folder, &scripts, err) < 0 || lrc_path_join(&beside, scripts, "venv/bin/python", err) < 0)
        return -1;
    const char *chosen = python ? python : lrc_fs_is_file(beside) ? beside : NULL;
    if (chosen && probe(chosen, scripts, err) < 0)
        return -1;
    if (lrc_settings_write(w, "trainer.sd_scripts", scripts, err) < 0)
        return -1;
    return chosen ? lrc_settings_write(w, "trainer.python", chosen, err) : 0;
}

// ---- Revision --------------------------------------------------------------------------------------------------------

static bool is_revision(const char *s)
{
    size_t n = 0;
    while (lrc_ascii_digit(s[n]) || (s[n] >= 'a' && s[n] <= 'f'))
        n++;
    return n == HEX_DIGITS && s[n] == '\0';
}

static int read_ref(const char *folder, const char *name, char **ret, lrc_err *err)
{
    lrc_auto_free char *path = NULL, *text = NULL;
    lrc_err why = LRC_ERR_INIT;
    *ret = NULL;
    if (lrc_str_format(&path, err, "%s/.git/%s", folder, name) < 0)
        return -1;
    if (lrc_fs_read(path, REF_MAX, &text, NULL, &why) < 0)
        return why.code == LRC_ERR_NO_MEMORY ? lrc_fail_memory(err) : 0;
    return lrc_str_copy(ret, lrc_str_trim(text), err);
}

int lrc_trainer_revision(const char *folder, char **ret, lrc_err *err)
{
    lrc_auto_free char *head = NULL, *ref = NULL;
    *ret = NULL;
    if (read_ref(folder, "HEAD", &head, err) < 0)
        return -1;
    if (head && lrc_str_starts(head, "ref: ") && !strstr(head, "..") && read_ref(folder, head + 5, &ref, err) < 0)
        return -1;
    const char *found = ref ? ref : head;
    return found && is_revision(found) ? lrc_str_copy(ret, found, err) : 0;
}
