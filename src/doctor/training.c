// SPDX-License-Identifier: MIT
#include "base/buf.h"
#include "doctor/checks.h"
#include "gpu/gpu.h"
#include "train/trainer.h"

int lrc_doctor_gpu(lrc_doctor *d, lrc_err *err)
{
    lrc_gpu_list list;
    lrc_err why = LRC_ERR_INIT;
    if (lrc_gpu_list_read(&list, &why) < 0)
        return lrc_doctor_add(d, "training", "GPU", LRC_DOCTOR_WARN, "restart the machine or the driver", err, "%s",
                              why.msg);
    if (list.count == 0)
        return lrc_doctor_add(d, "training", "GPU", LRC_DOCTOR_OFF,
                              "prepare the data here and train on a machine with an NVIDIA GPU", err, "%s", list.why);
    for (int i = 0; i < list.count; i++) {
        char total[16], used[16];
        lrc_str_bytes(list.gpu[i].total_bytes, total);
        lrc_str_bytes(list.gpu[i].used_bytes, used);
        if (lrc_doctor_add(d, "training", "GPU", LRC_DOCTOR_OK, NULL, err, "%d: %s, %s of %s used, driver %s", i,
                           list.gpu[i].name, used, total, list.driver) < 0)
            return -1;
    }
    return 0;
}

static int add_packages(lrc_doctor *d, const lrc_trainer_probe *p, bool needed, lrc_err *err)
{
    lrc_auto_buf lrc_buf has, lacks;
    lrc_buf_init(&has, 8192);
    lrc_buf_init(&lacks, 8192);
    for (size_t i = 0; i < p->package_count; i++) {
        const lrc_trainer_package *one = &p->package[i];
        if (one->needed != needed)
            continue;
        if (one->version[0])
            lrc_buf_addf(&has, "%s%s %s", has.len ? ", " : "", one->name, one->version);
        else
            lrc_buf_addf(&lacks, "%s%s (%s)", lacks.len ? ", " : "", one->name, one->why);
    }
    const char *name = needed ? "Python packages" : "optional packages";
    if (has.len && lrc_doctor_add(d, "training", name, LRC_DOCTOR_OK, NULL, err, "%s", has.data) < 0)
        return -1;
    if (!lacks.len)
        return 0;
    return lrc_doctor_add(
        d, "training", name, needed ? LRC_DOCTOR_MISSING : LRC_DOCTOR_OFF,
        needed ? "install sd-scripts' requirements into this Python (pip install -r requirements.txt), or "
                 "name another one with 'lorica settings set trainer.python PATH'"
               : NULL,
        err, "not installed: %s", lacks.data);
}

int lrc_doctor_training(const lrc_workspace *w, const lrc_settings *s, lrc_doctor *d, lrc_err *err)
{
    lrc_auto_trainer lrc_trainer t = {0};
    lrc_err why = LRC_ERR_INIT;
    if (lrc_trainer_find(w, s, &t, err) < 0)
        return -1;
    if (lrc_trainer_check(&t, NULL, &why) < 0) // says what is missing, where it was looked for and what to do
        return lrc_doctor_add(d, "training", t.sd_scripts ? "Python" : "sd-scripts", LRC_DOCTOR_OFF, NULL, err, "%s",
                              why.msg);
    if (lrc_doctor_add(d, "training", "sd-scripts", LRC_DOCTOR_OK, NULL, err, "%s", t.sd_scripts) < 0)
        return -1;
    lrc_auto_trainer_probe lrc_trainer_probe p = {0};
    if (lrc_trainer_probe_read(&t, &p, &why) < 0)
        return lrc_doctor_add(d, "training", "Python", LRC_DOCTOR_MISSING,
                              "name a working one with 'lorica settings set trainer.python PATH'", err, "%s", why.msg);
    if (lrc_doctor_add(d, "training", "Python", LRC_DOCTOR_OK, NULL, err, "%s, version %s", t.python,
                       p.python_version) < 0)
        return -1;
    return add_packages(d, &p, true, err) < 0 ? -1 : add_packages(d, &p, false, err);
}
