// SPDX-License-Identifier: MIT
// worker.h - the commands of `lorica-worker`: what needs pixels or models. One file per command.
//
// A command gets the arguments after its own word, prints its result and returns the exit code. People reach those that
// are meant for them through `lorica` (rows marked `worker` in cli/cli.c); the others are asked by the program itself.
#ifndef LRC_WORKER_WORKER_H
#define LRC_WORKER_WORKER_H

typedef struct lrc_worker_command {
    const char *name;
    const char *summary; // one line
    int (*run)(int argc, char **argv);
} lrc_worker_command;

// Find the command in argv[1] and run it. Returns the exit code.
int lrc_worker_main(int argc, char **argv);

int lrc_worker_image(int argc, char **argv);       // answers questions about images until its input ends
int lrc_worker_demo_images(int argc, char **argv); // draws the pictures of the demo
int lrc_worker_tag(int argc, char **argv);         // images, a tagger, captions
int lrc_worker_image_info(int argc, char **argv);  // what libvips is here and reads
int lrc_worker_ort_info(int argc, char **argv);    // which ONNX Runtime is here

// The embedded trainer (native.c).
int lrc_worker_train_native(int argc, char **argv);
int lrc_worker_train_native_base(int argc, char **argv);
int lrc_worker_native_images(int argc, char **argv);
int lrc_worker_native_judge(int argc, char **argv);

#endif
