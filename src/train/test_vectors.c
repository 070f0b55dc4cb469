// SPDX-License-Identifier: MIT
// The reference profile against what KNX's generator wrote: tests/golden/toml/vectors.jsonl, one request a line with its
// two files or its refusal.
#include "support/train_fixture.h"
#include "train/generate.h"

// Accepted differences, each with its reason.
static const struct {
    const char *name, *why;
} accepted[] = {
    {"447-coerce-output_name-86", "half of a surrogate pair: refused by our JSON reader (line, column), while the "
                                  "reference takes it and has it replaced by '_'"},
};

static struct fixture tree;

static int open_tree(void **state)
{
    (void)state;
    fixture_open(&tree);
    return 0;
}

static int close_tree(void **state)
{
    (void)state;
    fixture_close(&tree);
    return 0;
}

static const char *member(const lrc_json *v, const char *key)
{
    const lrc_json *m = lrc_json_get(v, key);
    return m ? m->text : NULL;
}

// What the reference would have said: "kind: …" and a line "place: word" for each finding. It names all subsets alike
// when their folders are missing, and nothing when its library dies.
static void put_refusal(lrc_buf *out, const lrc_err *err, const lrc_findings *findings)
{
    const bool schema = err->code == LRC_ERR_SCHEMA;
    const bool dies = strcmp(findings->item[findings->count - 1].code, "embedded_null") == 0;
    if (dies) {
        lrc_buf_adds(out, "kind: exception\nValueError: embedded null byte\n");
        return;
    }
    lrc_buf_addf(out, "kind: %s\n", schema ? "validation" : "missing_path");
    for (size_t i = 0; i < findings->count; i++) {
        const lrc_finding *f = &findings->item[i];
        const bool subset = !schema && lrc_str_starts(f->field, "subsets.");
        lrc_buf_addf(out, "%s: %s\n", subset ? "subsets" : f->field, f->code);
    }
}

static int generate(const lrc_json *vector, bool fixed, lrc_train_output *out, lrc_findings *findings, lrc_err *err)
{
    lrc_auto_free char *request_text = fixture_place(&tree, member(vector, "request"));
    lrc_auto_json_doc lrc_json_doc *doc = NULL;
    lrc_auto_train_request lrc_train_request *request = NULL;
    const lrc_train_options options = {.profile = LRC_PROFILE_REFERENCE, .fixed_enums = fixed, .root = tree.root};
    if (lrc_json_parse(request_text, strlen(request_text), &doc, err) < 0 ||
        lrc_train_request_parse(lrc_json_root(doc), &request, findings, err) < 0)
        return -1;
    return lrc_train_generate(request, &options, out, findings, err);
}

static bool same_file(const char *name, const char *what, const char *want, const char *got)
{
    lrc_auto_free char *placed = fixture_place(&tree, want);
    if (strcmp(placed, got) == 0)
        return true;
    print_message("%s: %s differs\n--- wanted\n%s--- got\n%s", name, what, placed, got);
    return false;
}

static bool same_argv(const lrc_json *vector, const lrc_train_output *out)
{
    const lrc_json *argv = lrc_json_get(vector, "argv");
    size_t i = 0;
    if (!argv)
        return !lrc_json_get(vector, "no_script") || !out->launchable;
    for (const lrc_json *arg = argv->first; arg; arg = arg->next, i++) {
        lrc_auto_free char *placed = fixture_place(&tree, arg->text);
        if (i >= out->argv.count || strcmp(placed, out->argv.item[i]) != 0) {
            print_message("%s: argument %zu should be %s\n", member(vector, "name"), i, placed);
            return false;
        }
    }
    return i == out->argv.count;
}

static bool check_form(const lrc_json *vector, bool fixed)
{
    const char *name = member(vector, "name"), *refusal = member(vector, "error");
    const char *config = member(vector, fixed ? "config_fixed" : "config");
    lrc_auto_train_output lrc_train_output out = {0};
    lrc_auto_findings lrc_findings findings = {0};
    lrc_err err = LRC_ERR_INIT;
    if (generate(vector, fixed, &out, &findings, &err) < 0) {
        lrc_auto_buf lrc_buf got;
        lrc_buf_init(&got, FIXTURE_MAX);
        put_refusal(&got, &err, &findings);
        return same_file(name, "refusal", refusal ? refusal : "none", got.data);
    }
    assert_int_equal(findings.count, 0);
    if (refusal)
        return same_file(name, "refusal", refusal, "accepted\n");
    return same_file(name, "dataset.toml", member(vector, "dataset"), out.dataset_toml) &&
           same_file(name, "config.toml", config ? config : member(vector, "config"), out.config_toml) &&
           same_argv(vector, &out);
}

static bool is_accepted(const char *name)
{
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++)
        if (strcmp(accepted[i].name, name) == 0)
            return true;
    return false;
}

static void every_vector(void **state)
{
    (void)state;
    lrc_auto_free char *path = fixture_data_path("golden/toml/vectors.jsonl"), *text = NULL;
    assert_int_equal(lrc_fs_read(path, FIXTURE_MAX, &text, NULL, NULL), 0);
    size_t count = 0, wrong = 0, differing = 0;
    for (char *line = text; *line; count++) {
        const size_t n = strcspn(line, "\n");
        lrc_auto_json_doc lrc_json_doc *doc = NULL;
        assert_int_equal(lrc_json_parse(line, n, &doc, NULL), 0);
        const lrc_json *vector = lrc_json_root(doc);
        if (is_accepted(member(vector, "name")))
            differing++;
        else
            wrong += !check_form(vector, false) || !check_form(vector, true);
        line += n + (line[n] == '\n');
    }
    assert_int_equal(count, 507);
    assert_int_equal(differing, sizeof accepted / sizeof accepted[0]);
    assert_int_equal(wrong, 0);
}

// ---- Random requests -------------------------------------------------------------------------------------------------

// FNV-1a of a text as it would be for a tree at /srv.
static void hash_unplaced(const char *text, char out[static 17])
{
    const size_t n = strlen(tree.base);
    uint64_t h = 0xCBF29CE484222325;
    while (*text) {
        const bool base = strncmp(text, tree.base, n) == 0;
        const char *bytes = base ? FIXTURE_PREFIX : text;
        for (size_t i = 0; i < (base ? strlen(FIXTURE_PREFIX) : 1); i++)
            h = (h ^ (unsigned char)bytes[i]) * 0x100000001B3;
        text += base ? n : 1;
    }
    snprintf(out, 17, "%016llx", (unsigned long long)h);
}

static bool has_hash(const char *text, const lrc_json *want, const char *key)
{
    char hash[17];
    hash_unplaced(text, hash);
    if (strcmp(hash, member(want, key)) == 0)
        return true;
    print_message("%s differs from the model's:\n%s%s\n", key, text, member(want, "request"));
    return false;
}

// The refusal's kind, and of a request that does not fit the schema each line.
static bool same_refusal(const lrc_json *want, const lrc_err *err, const lrc_findings *findings)
{
    const char *kind = err->code == LRC_ERR_SCHEMA ? "validation" : "missing_path";
    const lrc_json *lines = lrc_json_get(want, "lines"), *line = lines ? lines->first : NULL;
    bool same = member(want, "kind") && strcmp(kind, member(want, "kind")) == 0;
    for (size_t i = 0; same && lines && i < findings->count; i++, line = line ? line->next : NULL) {
        lrc_auto_free char *got = NULL;
        assert_int_equal(lrc_str_format(&got, NULL, "%s: %s", findings->item[i].field, findings->item[i].code), 0);
        same = line && strcmp(line->text, got) == 0;
    }
    if (!same || line)
        print_message("refused otherwise than the model does: %s\n%s\n", err->msg, member(want, "request"));
    return same && !line;
}

static bool as_the_model(const lrc_json *want, bool fixed)
{
    lrc_auto_train_output lrc_train_output out = {0};
    lrc_auto_findings lrc_findings findings = {0};
    lrc_err err = LRC_ERR_INIT;
    if (generate(want, fixed, &out, &findings, &err) < 0)
        return same_refusal(want, &err, &findings);
    if (member(want, "kind")) {
        print_message("accepted, unlike by the model (%s)\n%s\n", member(want, "kind"), member(want, "request"));
        return false;
    }
    return has_hash(out.dataset_toml, want, "dataset") && has_hash(out.config_toml, want, fixed ? "fixed" : "config");
}

// tests/golden/toml/requests.jsonl: made by tools/golden-toml.py with a second, independent model of the generator.
static void random_requests_agree_with_the_model(void **state)
{
    (void)state;
    lrc_auto_free char *path = fixture_data_path("golden/toml/requests.jsonl"), *text = NULL;
    assert_int_equal(lrc_fs_read(path, FIXTURE_MAX, &text, NULL, NULL), 0);
    size_t count = 0, wrong = 0;
    for (char *line = text; *line; count++) {
        const size_t n = strcspn(line, "\n");
        lrc_auto_json_doc lrc_json_doc *doc = NULL;
        assert_int_equal(lrc_json_parse(line, n, &doc, NULL), 0);
        wrong += !as_the_model(lrc_json_root(doc), false) || !as_the_model(lrc_json_root(doc), true);
        line += n + (line[n] == '\n');
    }
    assert_int_equal(count, 2000);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_vector, open_tree, close_tree),
        cmocka_unit_test_setup_teardown(random_requests_agree_with_the_model, open_tree, close_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
