// SPDX-License-Identifier: MIT
#include "train/trainer.h"

#include <string.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/path.h"
#include "proc/capture.h"
#include "json/json.h"

#define PROBE_TIMEOUT_MS 20000
#define PROBE_MAX_BYTES  (64 * 1024)
#define ANY_SCRIPT       "train_network.py"

// Relative to the workspace; tried in this order when trainer.sd_scripts is at its default.
static const char *const usual_folders[] = {"trainer/derrian_backend/sd_scripts",
                                            "trainer/sd-scripts",
                                            "sd-scripts",
                                            "sd_scripts",
                                            "../sd-scripts",
                                            "../kohya_ss/sd-scripts"};
// Relative to the sd-scripts folder; tried when trainer.python is at its default.
static const char *const usual_environments[] = {"venv/bin/python", ".venv/bin/python", "../venv/bin/python",
                                                 "../.venv/bin/python"};

static const lrc_trainer_package packages[] = {
    {"torch", true, "the training itself", ""},
    {"accelerate", true, "device placement", ""},
    {"transformers", true, "text encoders", ""},
    {"diffusers", true, "schedulers and model parts", ""},
    {"safetensors", true, "model files", ""},
    {"toml", true, "reads the configuration", ""},
    {"voluptuous", true, "reads the dataset configuration", ""},
    {"PIL", true, "reads images", ""},
    {"cv2", true, "resizes images", ""},
    {"lycoris", false, "LoCon, LoHa, LoKr, DoRA and other LyCORIS networks", ""},
    {"bitsandbytes", false, "8-bit optimizers such as AdamW8bit", ""},
    {"xformers", false, "cross_attention = xformers", ""},
    {"prodigyopt", false, "the Prodigy optimizer", ""},
    {"schedulefree", false, "schedule-free optimizers", ""},
    {"LoraEasyCustomOptimizer", false, "CAME, Compass and other custom optimizers", ""},
    {"wandb", false, "logging to Weights & Biases", ""},
};
#define PACKAGES (sizeof packages / sizeof packages[0])

// Prints {"python": …, "packages": {import name: version or null}}; finds without importing.
static const char probe_script[] =
    "import importlib.util as u, importlib.metadata as m, json, sys\n"
    "dist = {'PIL': 'pillow', 'cv2': 'opencv-python', 'lycoris': 'lycoris-lora'}\n"
    "def version(name):\n"
    "    try:\n"
    "        if u.find_spec(name) is None: return None\n"
    "    except Exception: return None\n"
    "    for d in (dist.get(name, name), 'opencv-python-headless', 'lycoris_lora'):\n"
    "        try: return m.version(d)\n"
    "        except Exception: pass\n"
    "        if name not in dist: break\n"
    "    return 'installed'\n"
    "print(json.dumps({'python': sys.version.split()[0], 'packages': {n: version(n) for n in sys.argv[1:]}}))\n";

void lrc_trainer_done(lrc_trainer *t)
{
    free(t->sd_scripts);
    free(t->python);
    lrc_strv_done(&t->looked);
    *t = (lrc_trainer){0};
}

// 1 when base/name/file is there: *ret gets base/name, resolved.
static int try_folder(const char *base, const char *name, const char *file, lrc_strv *looked, char **ret, lrc_err *err)
{
    lrc_auto_free char *folder = NULL, *inside = NULL;
    if (lrc_path_real(&folder, base, name, err) < 0 || lrc_path_join(&inside, folder, file, err) < 0 ||
        lrc_strv_push(looked, folder, err) < 0)
        return -1;
    if (!lrc_fs_is_file(inside))
        return 0;
    *ret = lrc_take(folder);
    return 1;
}

static int find_scripts(const lrc_workspace *w, const lrc_settings *s, lrc_trainer *t, lrc_err *err)
{
    if (lrc_settings_is_set(s, "trainer.sd_scripts"))
        return try_folder(w->root, lrc_settings_text(s, "trainer.sd_scripts"), ANY_SCRIPT, &t->looked, &t->sd_scripts,
                          err);
    for (size_t i = 0; i < sizeof usual_folders / sizeof usual_folders[0]; i++) {
        const int found = try_folder(w->root, usual_folders[i], ANY_SCRIPT, &t->looked, &t->sd_scripts, err);
        if (found)
            return found;
    }
    return 0;
}

// 1 when the file can be executed. The link of a virtual environment is kept: resolved, it would be the system's Python.
static int try_program(const char *folder, const char *name, lrc_strv *looked, char **ret, lrc_err *err)
{
    lrc_auto_free char *path = NULL;
    if (lrc_path_join(&path, folder, name, err) < 0 || lrc_strv_push(looked, path, err) < 0)
        return -1;
    if (!lrc_fs_is_file(path) || access(path, X_OK) < 0)
        return 0;
    *ret = lrc_take(path);
    return 1;
}

static int find_in_path(const char *name, lrc_strv *looked, char **ret, lrc_err *err)
{
    const char *path = getenv("PATH");
    lrc_auto_strv lrc_strv folders = {0}, unused = {0};
    if (lrc_strv_split(&folders, path ? path : "/usr/local/bin:/usr/bin:/bin", ':', err) < 0)
        return -1;
    for (size_t i = 0; i < folders.count; i++) {
        const int found = try_program(folders.item[i], name, &unused, ret, err);
        if (found)
            return found;
    }
    return lrc_strv_pushf(looked, err, "%s in $PATH", name);
}

static int find_python(const lrc_workspace *w, const lrc_settings *s, lrc_trainer *t, lrc_err *err)
{
    const char *wanted = lrc_settings_text(s, "trainer.python");
    if (!lrc_settings_is_set(s, "trainer.python") && t->sd_scripts)
        for (size_t i = 0; i < sizeof usual_environments / sizeof usual_environments[0]; i++) {
            const int found = try_program(t->sd_scripts, usual_environments[i], &t->looked, &t->python, err);
            if (found)
                return found;
        }
    if (strchr(wanted, '/'))
        return try_program(w->root, wanted, &t->looked, &t->python, err);
    return find_in_path(wanted, &t->looked, &t->python, err);
}

int lrc_trainer_find(const lrc_workspace *w, const lrc_settings *s, lrc_trainer *ret, lrc_err *err)
{
    lrc_trainer t = {0};
    if (find_scripts(w, s, &t, err) < 0 || find_python(w, s, &t, err) < 0) {
        lrc_trainer_done(&t);
        return -1;
    }
    *ret = t;
    return 0;
}

static void join_looked(const lrc_trainer *t, lrc_buf *out)
{
    for (size_t i = 0; i < t->looked.count; i++)
        lrc_buf_addf(out, "%s%s", i ? ", " : "", t->looked.item[i]);
}

int lrc_trainer_check(const lrc_trainer *t, const char *script, lrc_err *err)
{
    lrc_auto_buf lrc_buf looked;
    lrc_buf_init(&looked, 16 * 1024);
    join_looked(t, &looked);
    if (!t->sd_scripts)
        return lrc_fail_field(
            err, LRC_ERR_TRAINER_MISSING, "trainer.sd_scripts",
            "no trainer is connected: 'lorica trainer connect DIR' uses kohya's sd-scripts (the folder "
            "with train_network.py), 'lorica trainer install' brings one. Looked in: %s",
            looked.data);
    if (!t->python)
        return lrc_fail_field(
            err, LRC_ERR_TRAINER_MISSING, "trainer.python",
            "no Python was found to run sd-scripts with; name one with 'lorica settings set trainer.python "
            "PATH'. Looked for: %s",
            looked.data);
    if (!script)
        return 0;
    lrc_auto_free char *path = NULL;
    if (lrc_path_join(&path, t->sd_scripts, script, err) < 0)
        return -1;
    if (!lrc_fs_is_file(path))
        return lrc_fail_field(
            err, LRC_ERR_TRAINER_MISSING, "trainer.sd_scripts",
            "this sd-scripts cannot train that family: '%s' is missing; update sd-scripts, or name another "
            "folder with 'lorica settings set trainer.sd_scripts DIR'",
            path);
    return 0;
}

void lrc_trainer_probe_done(lrc_trainer_probe *p)
{
    free(p->package);
    *p = (lrc_trainer_probe){0};
}

static const char *last_line(char *text)
{
    char *end = lrc_str_trim(text);
    const char *newline = strrchr(end, '\n');
    return newline ? newline + 1 : end;
}

static int read_answer(const lrc_captured *c, lrc_trainer_probe *p, lrc_err *err)
{
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    const lrc_json *found = NULL;
    const char *version = NULL;
    if (lrc_json_parse(c->out, c->out_len, &doc, err) < 0 ||
        lrc_json_str(lrc_json_root(doc), "python", true, &version, err) < 0 ||
        lrc_json_object(lrc_json_root(doc), "packages", true, &found, err) < 0)
        return -1;
    snprintf(p->python_version, sizeof p->python_version, "%s", version);
    for (size_t i = 0; i < p->package_count; i++) {
        const char *has = "";
        if (lrc_json_str(found, p->package[i].name, false, &has, err) < 0)
            return -1;
        snprintf(p->package[i].version, sizeof p->package[i].version, "%s", has);
    }
    return 0;
}

int lrc_trainer_probe_read(const lrc_trainer *t, lrc_trainer_probe *ret, lrc_err *err)
{
    if (!t->python)
        return lrc_fail(err, LRC_ERR_TRAINER_MISSING, "there is no Python to ask");
    lrc_auto_trainer_probe lrc_trainer_probe p = {.package = malloc(sizeof packages), .package_count = PACKAGES};
    lrc_auto_strv lrc_strv argv = {0};
    if (!p.package)
        return lrc_fail_memory(err);
    memcpy(p.package, packages, sizeof packages);
    // -P would be safer, but is 3.11's; the script imports nothing that a file in the working directory could shadow.
    const char *const words[] = {t->python, "-c", probe_script};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (lrc_strv_push(&argv, words[i], err) < 0)
            return -1;
    for (size_t i = 0; i < PACKAGES; i++)
        if (lrc_strv_push(&argv, packages[i].name, err) < 0)
            return -1;
    lrc_auto_captured lrc_captured c = {0};
    if (lrc_proc_capture(argv.item, NULL, PROBE_TIMEOUT_MS, PROBE_MAX_BYTES, &c, err) < 0)
        return -1;
    if (c.timed_out)
        return lrc_fail(err, LRC_ERR_IO, "'%s' did not answer within %d s", t->python, PROBE_TIMEOUT_MS / 1000);
    if (c.how.code != 0)
        return lrc_fail(err, LRC_ERR_IO, "'%s' does not run: %s", t->python, last_line(c.err));
    if (read_answer(&c, &p, err) < 0)
        return lrc_wrap(err, "answer of '%s'", t->python);
    *ret = p;
    p.package = NULL;
    return 0;
}
