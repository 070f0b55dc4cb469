// SPDX-License-Identifier: MIT
// Corrections of the studio profile, in the order in which they are applied. Columns: id; the function that makes the
// change (NULL: nothing is changed in the files, or it is done elsewhere); the key it is about; what the reference does
// and what comes of it; what studio does, as it is reported with each change.
// clang-format off

// ---- Text and paths ----
CORRECTION("B21", write_choices_as_text, "lr_scheduler, optimizer_type, mixed_precision, …",
           "writes a choice that the request leaves out as the list of its letters; the trainer cannot start.",
           "a choice that the request leaves out is written as its default")
CORRECTION("B23", make_folders_absolute, "image_dir",
           "writes folders as seen from the sd-scripts folder, and takes relative paths from wherever the server was started.",
           "folders are absolute, so that the file works from anywhere")
CORRECTION("B33", map_windows_paths, "all paths",
           "takes a Windows path for the name of a file in the working directory.",
           "Windows folders are those of the setting trainer.path_map")
CORRECTION("B17", name_hub_model, "pretrained_model_name_or_path",
           "refuses owner/repository of the Hugging Face hub, although its own check before allows it.",
           "the trainer fetches this model from the Hugging Face hub")
CORRECTION("B18", name_output, "output_name",
           "writes output_name, then overrides it on the command line with the project's name: it never takes effect.",
           "the name that the file really gets: output_name, or the project's name when that is left at 'lora'")

// ---- Adapter ----
CORRECTION("B9", choose_module, "network_module",
           "writes networks.lora for Flux, Chroma, SD3, SD3.5, Lumina and HunyuanImage, whose layers it does not know.",
           "the network module that knows this family's layers")
CORRECTION("B4", decompose_weights, "network_args",
           "writes weight_decompose=True, which lycoris does not read: every DoRA is a plain LoRA.",
           "lycoris calls weight decomposition dora_wd; without it a DoRA is a plain LoRA")
CORRECTION("B3", pass_factor, "factor",
           "never writes factor, because it looks for 'LoKR' where the value is 'LoKr'.",
           "LoKr's factor goes to network_args")
CORRECTION("B2", move_adapter_options, "conv_dim, conv_alpha, rank_dropout, module_dropout",
           "writes them as keys of their own, where nothing reads them; the rank of convolutions is then that of the rest.",
           "adapter options go to network_args, where the network module reads them (Anima's has no convolutions)")
CORRECTION("B5", move_block_options, "down_lr_weight, block_dims, …",
           "writes block options as keys of their own, where nothing reads them.",
           "block options go to network_args of networks.lora; LyCORIS, other families and checkpoints have none")

// ---- Optimizer and schedule ----
CORRECTION("B22", keep_quoted_args, "optimizer_args",
           "drops quotes and blanks inside values, so that {'k': 2} cannot be read, and passes on tokens without '='.",
           "quotes and blanks inside values stay as they are; what is not name=value is refused")
CORRECTION("B1", pass_weight_decay, "weight_decay",
           "writes weight_decay as a key, which no script reads; all but ten optimizers run with their library's own.",
           "weight decay goes to optimizer_args, where the optimizer gets it")
CORRECTION("B31", count_steps_like_the_trainer, "lr_scheduler_args",
           "counts pictures in sub-folders, folders named like pictures and kinds that the trainer never sees.",
           "the length of a cycle follows from the pictures that the trainer sees")
CORRECTION("B13", NULL, "lr_warmup_steps, lr_warmup_ratio, lr_scheduler",
           "accepts a warm-up with constant, rex and cosine_annealing, and adafactor without AdaFactor; the trainer stops.",
           "such a combination is refused, with what to change")

// ---- Whole models ----
CORRECTION("B32", name_script, "script",
           "starts fine_tune.py for SD1.5 checkpoints, which takes pictures from a metadata file only: it stops at dataset.toml.",
           "train_db.py trains an SD1.5 checkpoint from folders of pictures")
CORRECTION("B8", pass_learning_rate, "unet_lr",
           "writes unet_lr, which the scripts for whole models ignore: they train with 2e-6.",
           "the scripts for whole models call it learning_rate")
CORRECTION("B8", pass_text_encoder_rate, "text_encoder_lr",
           "writes neither train_text_encoder nor its learning rate.",
           "text encoders are trained when the request gives them a learning rate and does not cache their outputs")
CORRECTION("B8", save_what_the_script_can, "save_model_as",
           "writes pt, which is no choice of these scripts.",
           "these scripts save safetensors or ckpt")
CORRECTION("B8", drop_unknown, "no_half_vae",
           "writes it for scripts that do not know it.",
           "this script has no such option")
CORRECTION("B24", drop_unknown, "network_weights",
           "writes the LoRA to continue from for whole models too.",
           "a whole model does not continue from a LoRA")
CORRECTION("B29", drop_unknown, "text_encoder_lr",
           "writes it for the scripts for whole models, which do not know it.",
           "this script has no such option")
CORRECTION("B30", drop_unknown, "no_metadata",
           "writes it for the scripts for whole models, which do not know it.",
           "this script has no such option")
CORRECTION("B30", drop_unknown, "prior_loss_weight",
           "writes it for the scripts for whole models, which do not know it.",
           "this script has no such option")

// ---- Families ----
CORRECTION("B10", pass_autoencoder, "vae",
           "drops ae_path for Anima and HunyuanImage, whose scripts load vae without asking.",
           "this family's autoencoder is its vae")
CORRECTION("B11", mask_captions_of_chroma, "apply_t5_attn_mask",
           "leaves it off by default, and Chroma's script stops without it.",
           "Chroma needs the mask")
CORRECTION("B12", write_guidance_of_one, "guidance_scale",
           "leaves 1.0 out, and the script's own default is 3.5.",
           "a guidance of 1 is written, since the script's default is 3.5")
CORRECTION("B14", write_options_kept_back, "blocks_to_swap, discrete_flow_shift, timestep_sampling, …",
           "writes these options for some families only, although the scripts of others have them too.",
           "this family's script has the option, and the request sets it")
CORRECTION("B6", drop_unknown, "no_token_padding",
           "always writes it; only the old DreamBooth script knows it.",
           "this script has no such option")
CORRECTION("B7", drop_unknown, "cache_text_encoder_outputs",
           "writes it for SD1.5, whose scripts do not know it.",
           "this script has no such option")
CORRECTION("B27", drop_unknown, "cache_text_encoder_outputs_to_disk",
           "writes it for SD1.5, whose scripts do not know it.",
           "this script has no such option")
CORRECTION("B25", drop_unknown, "vae_reflection_padding",
           "writes it for five scripts that do not know it.",
           "this script has no such option")
CORRECTION("B26", drop_unknown, "vae_disable_cache",
           "writes it for HunyuanImage, whose script does not know it.",
           "this script has no such option")

// ---- Single values ----
CORRECTION("B15", leave_out_shortest_captions, "max_token_length",
           "writes 75, which is no choice of the trainer (150 and 225 are), and accepts any other number above it.",
           "75 tokens is what the trainer reads without this key; other lengths than 75, 150 and 225 are refused")
CORRECTION("B15", write_flag, "persistent_data_loader_workers",
           "writes 0 or 1 where the trainer has a flag.",
           "this is a flag")
CORRECTION("B16", leave_out_no_discount, "multires_noise_discount",
           "writes 0.0 when the request names none, which switches the noise of several sizes off again; and accepts "
           "bucket limits that the resolution is outside of, and any attn_mode.",
           "without a discount in the request the trainer's own (0.3) holds; bucket limits and attn_mode are checked")
CORRECTION("B34", NULL, "cache_latents, cache_text_encoder_outputs, full_bf16, bucket_reso_steps, …",
           "accepts settings that exclude each other, such as random_crop with cached latents; the trainer stops at them.",
           "such a combination is refused, with what to change")
CORRECTION("B28", NULL, "log_with",
           "accepts any text; the trainer knows tensorboard, wandb and all.",
           "another tracker is refused, and so is TensorBoard without a logging_dir")
CORRECTION("B19", NULL, "all texts of config.toml",
           "writes text with control characters, or a backslash before an x, wrongly or not at all: its library's fault.",
           "written so that every TOML reader, the trainer's too, reads the same text")
CORRECTION("B20", NULL, "file names",
           "puts the project's name into paths as it is ('../../x') on one of its routes.",
           "file names hold letters, digits, '_' and '-' only")
