// SPDX-License-Identifier: MIT
// The fields of a training request, each declared once, in the order in which the reference validates them (its errors
// come in this order, and the form shows them in it). Columns: fields.h. FIELD makes a row of the request, SUBSET one of
// an entry of its `subsets`.
//
// Places: {IN_…, position in that file, .key if it is not the name, .when it is written, .how its value is made}.
// clang-format off

// ---- What to train ----
FIELD(project_name, TEXT, REQUIRED, GROUP(PROJECT),
      HELP("Name of this training; the LoRA and the configuration files are called after it."),
      .place = {{IN_ARGV, 20, "--output_name", .how = HOW_FILE_NAME}})
FIELD(model_type, CHOICE, REQUIRED, SUGGESTED("SDXL"), CHOICES(FAMILIES), GROUP(PROJECT),
      HELP("Family of the base model; it selects the training script and the fields that matter."))
FIELD(training_mode, CHOICE, INITIAL("lora"), CHOICES(MODES), GROUP(PROJECT),
      HELP("'lora' trains a small adapter file, 'checkpoint' the whole model (far more memory)."))
FIELD(pretrained_model_name_or_path, PATH, REQUIRED, BELOW("pretrained_model"), GROUP(MODEL),
      HELP("The base model: a .safetensors or .ckpt file, or a diffusers folder."),
      .place = {{IN_CONFIG, 10}})
FIELD(vae_path, PATH, NULLABLE, BELOW("vae"), GROUP(MODEL),
      HELP("Another VAE than the one inside the base model; SDXL in fp16 needs a repaired one."),
      .place = {{IN_CONFIG, 570, "vae", WHEN_FILLED}})
FIELD(clip_l_path, PATH, NULLABLE, BELOW("pretrained_model"), GROUP(MODEL), FAMILIES(FLUX | SD3 | SD35),
      HELP("CLIP-L text encoder file."),
      .place = {{IN_CONFIG, 890, "clip_l", WHEN_FILLED, .families = FLUX | SD3 | SD35}})
FIELD(clip_g_path, PATH, NULLABLE, BELOW("pretrained_model"), GROUP(MODEL), FAMILIES(SD3 | SD35),
      HELP("CLIP-G text encoder file."),
      .place = {{IN_CONFIG, 900, "clip_g", WHEN_FILLED, .families = SD3 | SD35}})
FIELD(t5xxl_path, PATH, NULLABLE, BELOW("pretrained_model"), GROUP(MODEL), FAMILIES(FLUX | SD3 | SD35 | CHROMA),
      HELP("T5-XXL text encoder file."),
      .place = {{IN_CONFIG, 910, "t5xxl", WHEN_FILLED, .families = FLUX | SD3 | SD35 | CHROMA}})
FIELD(continue_from_lora, PATH, NULLABLE, BELOW("output"), GROUP(NETWORK), MODES(LORA),
      HELP("A LoRA file whose weights this training starts from."),
      .place = {{IN_CONFIG, 580, "network_weights", WHEN_FILLED}})
FIELD(resume_from_state, PATH, NULLABLE, BELOW("output"), GROUP(SAVING),
      HELP("A saved state folder to go on from: optimizer, step count and random numbers included."),
      .place = {{IN_CONFIG, 530, "resume", WHEN_FILLED}})
FIELD(wandb_key, TEXT, NULLABLE, GROUP(LOGGING), SECRET,
      HELP("Key for Weights & Biases; given to the trainer by its environment, never written to a file."),
      .place = {{IN_ENV, 10, "WANDB_API_KEY", WHEN_FILLED}})

// ---- Pictures ----
FIELD(train_data_dir, PATH, REQUIRED, BELOW("datasets"), GROUP(DATASET),
      HELP("Folder with the pictures and their caption files; a dataset's name does too."),
      .place = {{IN_SUBSET, 10, "image_dir", WHEN_FLAT, HOW_IMAGE_DIR}})
FIELD(output_dir, PATH, REQUIRED, SUGGESTED("output"), MADE, GROUP(PROJECT),
      HELP("Folder for what the training makes; its parent folder must exist."),
      .place = {{IN_CONFIG, 20}, {IN_ARGV, 10, "--output_dir"}})
FIELD(resolution, INT, REQUIRED, SUGGESTED("1024"), BETWEEN(64, 4096), GROUP(DATASET),
      HELP("Training size in pixels: 32 for Tiny (the one that takes less than 64), 512 for SD1.5, 1024 for SDXL and newer families."),
      .place = {{IN_GENERAL, 10, .how = HOW_RESOLUTION}, {IN_DATASET, 20, .how = HOW_RESOLUTION}})
FIELD(num_repeats, INT, INITIAL("10"), AT_LEAST(1), GROUP(DATASET),
      HELP("How often each picture is seen in one epoch; for a data set without subsets."),
      .place = {{IN_SUBSET, 20, .when = WHEN_FLAT}})
FIELD(subsets, SUBSETS, NULLABLE, GROUP(DATASET),
      HELP("Folders below the data set with repeats and class tokens of their own; empty: the whole folder is one."))
FIELD(max_train_epochs, INT, INITIAL("10"), AT_LEAST(1), GROUP(STEPS),
      HELP("How often the whole data set is gone through; used when the number of steps is 0."),
      .place = {{IN_CONFIG, 711, .when = WHEN_NO_STEPS}})
FIELD(max_train_steps, INT, INITIAL("0"), AT_LEAST(0), GROUP(STEPS),
      HELP("Stop after this many steps; 0 counts in epochs instead."),
      .place = {{IN_CONFIG, 710, .when = WHEN_POSITIVE}})
FIELD(train_batch_size, INT, INITIAL("1"), AT_LEAST(1), GROUP(STEPS),
      HELP("Pictures per step; more needs more GPU memory and makes fewer steps."),
      .place = {{IN_DATASET, 30, "batch_size"}})
FIELD(seed, INT, INITIAL("42"), GROUP(STEPS),
      HELP("Start of the random numbers; the same seed repeats a training as far as the GPU allows."),
      .place = {{IN_CONFIG, 40}})
FIELD(flip_aug, BOOL, INITIAL("false"), GROUP(DATASET),
      HELP("Mirror pictures at random; not for faces or text that must stay as they are."),
      .place = {{IN_DATASET, 90, .when = WHEN_TRUE}})
FIELD(random_crop, BOOL, INITIAL("false"), GROUP(DATASET),
      HELP("Crop at a random place instead of the middle; needs latent caching off."),
      .place = {{IN_DATASET, 100, .when = WHEN_TRUE}})
FIELD(color_aug, BOOL, INITIAL("false"), GROUP(DATASET),
      HELP("Change colours at random; needs latent caching off."),
      .place = {{IN_DATASET, 110, .when = WHEN_TRUE}})
FIELD(shuffle_caption, BOOL, INITIAL("false"), GROUP(CAPTIONS),
      HELP("Shuffle the tags of a caption each time; pair with keep_tokens for the trigger word."),
      .place = {{IN_GENERAL, 20}})

// ---- Learning rate ----
FIELD(unet_lr, FLOAT, INITIAL("0.0001"), ABOVE(0), GROUP(LEARNING),
      HELP("Learning rate of the image model: about 1e-4 for a LoRA, 1e-5 and less for a checkpoint."),
      .place = {{IN_CONFIG, 50}})
FIELD(text_encoder_lr, FLOAT, INITIAL("1e-05"), AT_LEAST(0), GROUP(LEARNING),
      HELP("Learning rate of the text encoders; 0 leaves them as they are."),
      .place = {{IN_CONFIG, 60}})
FIELD(lr_scheduler, CHOICE, INITIAL("cosine_with_restarts"), SUGGESTED("constant"), CHOICES(SCHEDULERS), GROUP(LEARNING),
      HELP("How the learning rate moves over the training."),
      .place = {{IN_CONFIG, 70, .how = HOW_SCHEDULER}})
FIELD(lr_scheduler_number, INT, INITIAL("3"), AT_LEAST(0), GROUP(LEARNING),
      HELP("Number of restarts of cosine_with_restarts, rex and cosine_annealing."),
      .place = {{IN_CONFIG, 80, "lr_scheduler_num_cycles"}})
FIELD(lr_scheduler_gamma, FLOAT, INITIAL("1.0"), GROUP(LEARNING),
      HELP("Factor on the learning rate at each restart of rex and cosine_annealing; 1 keeps it, 0.9 lowers it."))
FIELD(lr_warmup_ratio, FLOAT, INITIAL("0.0"), BETWEEN(0, 1), GROUP(LEARNING),
      HELP("Share of the steps in which the learning rate rises from 0; used when lr_warmup_steps is 0."))
FIELD(lr_warmup_steps, INT, INITIAL("0"), AT_LEAST(0), GROUP(LEARNING),
      HELP("Steps in which the learning rate rises from 0; 0 uses lr_warmup_ratio."),
      .place = {{IN_CONFIG, 90, .how = HOW_WARMUP}})
FIELD(lr_power, FLOAT, INITIAL("1.0"), GROUP(LEARNING),
      HELP("Exponent of the polynomial scheduler."),
      .place = {{IN_CONFIG, 100, "lr_scheduler_power"}})

// ---- The adapter ----
FIELD(lora_type, CHOICE, INITIAL("LoRA"), CHOICES(LORA_TYPES), GROUP(NETWORK), MODES(LORA),
      HELP("Kind of adapter; LoRA is read by every program, the others by those that know LyCORIS."),
      .place = {{IN_CONFIG, 1210, "network_module", .how = HOW_NETWORK, .modes = LORA}})
FIELD(network_module, TEXT, INITIAL("networks.lora"), GROUP(NETWORK), MODES(LORA), HIDDEN,
      HELP("Not used: the module follows from lora_type and the family."))
FIELD(network_dim, INT, INITIAL("32"), BETWEEN(1, 1024), GROUP(NETWORK), MODES(LORA),
      HELP("Rank of the adapter: its size and how much it can learn. 8 to 32 for a character, 64 for a style."),
      .place = {{IN_CONFIG, 1230, .modes = LORA}})
FIELD(network_alpha, INT, INITIAL("32"), SUGGESTED("16"), AT_LEAST(1), GROUP(NETWORK), MODES(LORA),
      HELP("Scale of the adapter; alpha divided by rank multiplies what it learns. Half the rank is usual."),
      .place = {{IN_CONFIG, 1240, .modes = LORA}})
FIELD(conv_dim, INT, INITIAL("0"), AT_LEAST(0), GROUP(NETWORK), MODES(LORA),
      HELP("Rank of the convolution layers' adapter; 0 leaves it to the adapter's kind."),
      .place = {{IN_CONFIG, 1250, .when = WHEN_POSITIVE, .modes = LORA}})
FIELD(conv_alpha, INT, INITIAL("0"), AT_LEAST(0), GROUP(NETWORK), MODES(LORA),
      HELP("Scale of the convolution layers' adapter."),
      .place = {{IN_CONFIG, 1260, .when = WHEN_POSITIVE, .modes = LORA}})
FIELD(network_dropout, FLOAT, INITIAL("0.0"), BETWEEN(0, 1), GROUP(NETWORK), MODES(LORA),
      HELP("Share of the adapter's neurons switched off at random in each step; 0.1 at most is usual."),
      .place = {{IN_CONFIG, 1270, .when = WHEN_POSITIVE, .modes = LORA}})
FIELD(dim_from_weights, BOOL, INITIAL("false"), GROUP(NETWORK), MODES(LORA),
      HELP("Take the ranks from the LoRA that the training continues from."),
      .place = {{IN_CONFIG, 1300, .when = WHEN_TRUE, .modes = LORA}})
FIELD(factor, INT, INITIAL("-1"), GROUP(NETWORK), MODES(LORA),
      HELP("How LoKr splits the weights; -1 chooses the nearest square, larger numbers make smaller files."))
FIELD(rank_dropout, FLOAT, INITIAL("0.0"), BETWEEN(0, 1), GROUP(NETWORK), MODES(LORA),
      HELP("Share of the ranks switched off at random in each step."),
      .place = {{IN_CONFIG, 1280, .when = WHEN_POSITIVE, .modes = LORA}})
FIELD(module_dropout, FLOAT, INITIAL("0.0"), BETWEEN(0, 1), GROUP(NETWORK), MODES(LORA),
      HELP("Chance that a layer's adapter is skipped in a step."),
      .place = {{IN_CONFIG, 1290, .when = WHEN_POSITIVE, .modes = LORA}})
FIELD(down_lr_weight, TEXT, NULLABLE, GROUP(BLOCKS), FAMILIES(SD15 | SDXL), MODES(LORA),
      HELP("Learning rate factors of the 12 down blocks (SDXL: 9), parted by commas, or a preset such as cosine."),
      .place = {{IN_CONFIG, 780, .when = WHEN_FILLED}})
FIELD(mid_lr_weight, TEXT, NULLABLE, GROUP(BLOCKS), FAMILIES(SD15 | SDXL), MODES(LORA),
      HELP("Learning rate factor of the middle block."),
      .place = {{IN_CONFIG, 790, .when = WHEN_FILLED}})
FIELD(up_lr_weight, TEXT, NULLABLE, GROUP(BLOCKS), FAMILIES(SD15 | SDXL), MODES(LORA),
      HELP("Learning rate factors of the 12 up blocks (SDXL: 9), parted by commas, or a preset such as cosine."),
      .place = {{IN_CONFIG, 800, .when = WHEN_FILLED}})
FIELD(block_lr_zero_threshold, TEXT, NULLABLE, GROUP(BLOCKS), FAMILIES(SD15 | SDXL), MODES(LORA),
      HELP("Blocks whose factor is not above this are not trained."),
      .place = {{IN_CONFIG, 810, .when = WHEN_FILLED}})
FIELD(block_dims, TEXT, NULLABLE, GROUP(BLOCKS), FAMILIES(SD15 | SDXL), MODES(LORA),
      HELP("Rank of each block, parted by commas (25 numbers, SDXL 23)."),
      .place = {{IN_CONFIG, 820, .when = WHEN_FILLED}})
FIELD(block_alphas, TEXT, NULLABLE, GROUP(BLOCKS), FAMILIES(SD15 | SDXL), MODES(LORA),
      HELP("Alpha of each block, parted by commas."),
      .place = {{IN_CONFIG, 830, .when = WHEN_FILLED}})
FIELD(conv_block_dims, TEXT, NULLABLE, GROUP(BLOCKS), FAMILIES(SD15 | SDXL), MODES(LORA),
      HELP("Rank of each block's convolution layers, parted by commas."),
      .place = {{IN_CONFIG, 840, .when = WHEN_FILLED}})
FIELD(conv_block_alphas, TEXT, NULLABLE, GROUP(BLOCKS), FAMILIES(SD15 | SDXL), MODES(LORA),
      HELP("Alpha of each block's convolution layers, parted by commas."),
      .place = {{IN_CONFIG, 850, .when = WHEN_FILLED}})

// ---- Optimizer ----
FIELD(optimizer_type, CHOICE, INITIAL("AdamW8bit"), CHOICES(OPTIMIZERS), GROUP(OPTIMIZER),
      HELP("The optimizer; AdamW8bit is the sure choice, Prodigy and the DAdapt family find their own learning rate."),
      .place = {{IN_CONFIG, 110, .how = HOW_OPTIMIZER}})
FIELD(weight_decay, FLOAT, INITIAL("0.01"), AT_LEAST(0), GROUP(OPTIMIZER),
      HELP("Pull of the weights towards zero."),
      .place = {{IN_CONFIG, 130}})
FIELD(gradient_accumulation_steps, INT, INITIAL("1"), AT_LEAST(1), GROUP(STEPS),
      HELP("Batches that are added up before the weights move: a larger batch without more memory."),
      .place = {{IN_CONFIG, 240}})
FIELD(max_grad_norm, FLOAT, INITIAL("1.0"), ABOVE(0), GROUP(OPTIMIZER),
      HELP("Longer gradients are cut to this length."),
      .place = {{IN_CONFIG, 120}})
FIELD(optimizer_args, TEXT, NULLABLE, GROUP(OPTIMIZER),
      HELP("More arguments for the optimizer: name=value, parted by blanks or commas."),
      .place = {{IN_CONFIG, 630, .how = HOW_OPTIMIZER_ARGS}})

// ---- Captions ----
FIELD(keep_tokens, INT, INITIAL("0"), AT_LEAST(0), GROUP(CAPTIONS),
      HELP("Leading tags that shuffling and dropping leave alone; 1 protects a trigger word."),
      .place = {{IN_DATASET, 10, .when = WHEN_POSITIVE}})
FIELD(clip_skip, INT, NULLABLE, BETWEEN(1, 12), GROUP(CAPTIONS), FAMILIES(SD15 | SDXL),
      HELP("Use the text encoder's n-th layer from the end; 2 for most anime models of SD1.5."),
      .place = {{IN_CONFIG, 420, .when = WHEN_SET, .families = SD15 | SDXL}})
FIELD(max_token_length, INT, INITIAL("225"), AT_LEAST(75), GROUP(CAPTIONS),
      HELP("Tokens of a caption that count: 75, 150 or 225."),
      .place = {{IN_CONFIG, 140}})
FIELD(caption_dropout_rate, FLOAT, INITIAL("0.0"), BETWEEN(0, 1), GROUP(CAPTIONS),
      HELP("Share of pictures trained without their caption."),
      .place = {{IN_DATASET, 120, .when = WHEN_POSITIVE}})
FIELD(caption_tag_dropout_rate, FLOAT, INITIAL("0.0"), BETWEEN(0, 1), GROUP(CAPTIONS),
      HELP("Share of tags left out at random each time."),
      .place = {{IN_DATASET, 130, .when = WHEN_POSITIVE}})
FIELD(caption_dropout_every_n_epochs, INT, INITIAL("0"), AT_LEAST(0), GROUP(CAPTIONS),
      HELP("Every n-th epoch runs without captions; 0: none does."),
      .place = {{IN_DATASET, 140, .when = WHEN_POSITIVE}})
FIELD(keep_tokens_separator, TEXT, INITIAL("|||"), GROUP(CAPTIONS),
      HELP("Text in a caption that ends the protected part."),
      .place = {{IN_DATASET, 150, .when = WHEN_CHANGED}})
FIELD(secondary_separator, TEXT, INITIAL(""), GROUP(CAPTIONS),
      HELP("Joins tags that are shuffled and dropped as one."),
      .place = {{IN_DATASET, 160, .when = WHEN_FILLED}})
FIELD(caption_extension, TEXT, INITIAL(".txt"), GROUP(CAPTIONS),
      HELP("Suffix of the caption files."),
      .place = {{IN_SUBSET, 30}})
FIELD(enable_wildcard, BOOL, INITIAL("false"), GROUP(CAPTIONS),
      HELP("Captions may hold {a|b} choices and several lines, of which one is taken."),
      .place = {{IN_DATASET, 170, .when = WHEN_TRUE}})
FIELD(weighted_captions, BOOL, INITIAL("false"), GROUP(CAPTIONS),
      HELP("Read (tag:1.2) in captions as a weight."),
      .place = {{IN_CONFIG, 150}})

// ---- Buckets ----
FIELD(enable_bucket, BOOL, INITIAL("true"), GROUP(BUCKETS),
      HELP("Train pictures in their own shape; off crops all to the training size."),
      .place = {{IN_DATASET, 40}})
FIELD(min_bucket_reso, INT, INITIAL("256"), AT_LEAST(64), GROUP(BUCKETS),
      HELP("Shortest side of a bucket in pixels; not above the training size."),
      .place = {{IN_DATASET, 50}})
FIELD(max_bucket_reso, INT, INITIAL("2048"), AT_MOST(4096), GROUP(BUCKETS),
      HELP("Longest side of a bucket in pixels; not below the training size."),
      .place = {{IN_DATASET, 60}})
FIELD(bucket_no_upscale, BOOL, INITIAL("false"), GROUP(BUCKETS),
      HELP("Leave small pictures small instead of enlarging them to the training size."),
      .place = {{IN_DATASET, 80, .when = WHEN_TRUE}})
FIELD(bucket_reso_steps, INT, NULLABLE, AT_LEAST(1), GROUP(BUCKETS),
      HELP("Sides of buckets are multiples of this; 64 when empty."),
      .place = {{IN_DATASET, 70, .when = WHEN_SET}, {IN_CONFIG, 460, .when = WHEN_SET}})

// ---- Loss and noise ----
FIELD(min_snr_gamma_enabled, BOOL, INITIAL("false"), GROUP(NOISE),
      HELP("Weigh time steps by their signal-to-noise ratio (min_snr_gamma)."))
FIELD(min_snr_gamma, FLOAT, INITIAL("5.0"), AT_LEAST(0), GROUP(NOISE),
      HELP("Limit of that weight; 5 is usual, lower evens out more."),
      .place = {{IN_CONFIG, 720, .when = WHEN_POSITIVE, .guard = LRC_FIELD_min_snr_gamma_enabled}})
FIELD(ip_noise_gamma_enabled, BOOL, INITIAL("false"), GROUP(NOISE),
      HELP("Disturb the noised input a little (ip_noise_gamma)."))
FIELD(ip_noise_gamma, FLOAT, INITIAL("0.0"), AT_LEAST(0), GROUP(NOISE),
      HELP("Strength of that disturbance; 0.05 to 0.1."),
      .place = {{IN_CONFIG, 730, .guard = LRC_FIELD_ip_noise_gamma_enabled}})
FIELD(ip_noise_gamma_random_strength, BOOL, NULLABLE, GROUP(NOISE),
      HELP("Vary that strength at random between 0 and its value."),
      .place = {{IN_CONFIG, 740, .when = WHEN_TRUE, .guard = LRC_FIELD_ip_noise_gamma_enabled}})
FIELD(multinoise, BOOL, INITIAL("false"), GROUP(NOISE),
      HELP("Add noise of several sizes (pyramid noise)."))
FIELD(multires_noise_discount, FLOAT, INITIAL("0.0"), AT_LEAST(0), GROUP(NOISE),
      HELP("How fast the larger noise fades; 0.1 to 0.4."),
      .place = {{IN_CONFIG, 760, .guard = LRC_FIELD_multinoise}})
FIELD(multires_noise_iterations, INT, NULLABLE, AT_LEAST(0), GROUP(NOISE),
      HELP("How many sizes of noise; 6 when empty."),
      .place = {{IN_CONFIG, 750, .how = HOW_ITERATIONS, .guard = LRC_FIELD_multinoise}})
FIELD(noise_offset, FLOAT, INITIAL("0.0"), GROUP(NOISE),
      HELP("Shifts the noise's brightness, so that very dark and very bright pictures can be learned; 0.03 to 0.1."),
      .place = {{IN_CONFIG, 370}})
FIELD(adaptive_noise_scale, FLOAT, INITIAL("0.0"), AT_LEAST(0), GROUP(NOISE),
      HELP("Adds this share of a picture's mean brightness to noise_offset."),
      .place = {{IN_CONFIG, 770, .when = WHEN_POSITIVE}})
FIELD(zero_terminal_snr, BOOL, INITIAL("false"), GROUP(NOISE),
      HELP("Let the last time step be pure noise; for v-prediction models."),
      .place = {{IN_CONFIG, 380}})
FIELD(min_timestep, INT, NULLABLE, BETWEEN(0, 1000), GROUP(NOISE),
      HELP("Train time steps from this one on; low ones hold detail."),
      .place = {{IN_CONFIG, 470, .when = WHEN_SET}})
FIELD(max_timestep, INT, NULLABLE, BETWEEN(0, 1000), GROUP(NOISE),
      HELP("Train time steps below this one; high ones hold composition."),
      .place = {{IN_CONFIG, 480, .when = WHEN_SET}})

// ---- Memory and speed ----
FIELD(gradient_checkpointing, BOOL, INITIAL("true"), GROUP(MEMORY),
      HELP("Compute again instead of keeping: a third less speed, far less memory."),
      .place = {{IN_CONFIG, 230}})
FIELD(mixed_precision, CHOICE, INITIAL("fp16"), SUGGESTED("bf16"), CHOICES(MIXED_PRECISIONS), GROUP(MEMORY),
      HELP("Number format of the computation; bf16 where the GPU has it (RTX 30 and newer)."),
      .place = {{IN_CONFIG, 220}})
FIELD(full_fp16, BOOL, INITIAL("false"), GROUP(MEMORY),
      HELP("Keep gradients in fp16 too; saves memory, may diverge."),
      .place = {{IN_CONFIG, 320}})
FIELD(full_bf16, BOOL, NULLABLE, GROUP(MEMORY),
      HELP("Keep gradients in bf16 too."),
      .place = {{IN_CONFIG, 440, .when = WHEN_TRUE}})
FIELD(fp8_base, BOOL, INITIAL("false"), GROUP(MEMORY),
      HELP("Hold the base model in 8 bits; for large families on small GPUs."),
      .place = {{IN_CONFIG, 310}})
FIELD(vae_batch_size, INT, INITIAL("1"), AT_LEAST(1), GROUP(MEMORY),
      HELP("Pictures that are turned into latents at once."),
      .place = {{IN_CONFIG, 280}})
FIELD(no_half_vae, BOOL, INITIAL("false"), GROUP(MEMORY),
      HELP("Run the VAE in full precision; needed where it makes black pictures in fp16."),
      .place = {{IN_CONFIG, 290}})
FIELD(vae_reflection_padding, BOOL, INITIAL("false"), GROUP(MEMORY),
      HELP("Pad the VAE's convolutions by reflection; for VAEs trained that way."),
      .place = {{IN_CONFIG, 410, .when = WHEN_TRUE}})
FIELD(cache_latents, BOOL, INITIAL("true"), GROUP(MEMORY),
      HELP("Turn pictures into latents once, before training."),
      .place = {{IN_CONFIG, 250}})
FIELD(cache_latents_to_disk, BOOL, INITIAL("false"), SUGGESTED("true"), GROUP(MEMORY),
      HELP("Keep those latents beside the pictures for the next training."),
      .place = {{IN_CONFIG, 260}})
FIELD(cache_text_encoder_outputs, BOOL, INITIAL("false"), GROUP(MEMORY),
      HELP("Encode captions once and free the text encoders; their training and caption shuffling must be off."),
      .place = {{IN_CONFIG, 270}})
FIELD(cache_text_encoder_outputs_to_disk, BOOL, NULLABLE, GROUP(MEMORY),
      HELP("Keep the encoded captions beside the pictures."),
      .place = {{IN_CONFIG, 430, .when = WHEN_TRUE}})
FIELD(cross_attention, CHOICE, INITIAL("sdpa"), CHOICES(ATTENTIONS), GROUP(MEMORY),
      HELP("How attention is computed; sdpa is built into PyTorch, xformers must be installed."),
      .place = {{IN_CONFIG, 340, "xformers", .how = HOW_ATTENTION}, {IN_CONFIG, 341, "sdpa", .how = HOW_ATTENTION},
                {IN_CONFIG, 342, "mem_eff_attn", .how = HOW_ATTENTION}})
FIELD(persistent_data_loader_workers, INT, INITIAL("0"), AT_LEAST(0), GROUP(MEMORY),
      HELP("Keep the loader processes between epochs (0 or 1): shorter pauses, more memory."),
      .place = {{IN_CONFIG, 300, .how = HOW_ONE_OR_ZERO}})
FIELD(max_data_loader_n_workers, INT, NULLABLE, AT_LEAST(0), GROUP(MEMORY),
      HELP("Loader processes; the trainer's own 8 when empty."),
      .place = {{IN_CONFIG, 450, .when = WHEN_NOT_ZERO}})
FIELD(no_token_padding, BOOL, INITIAL("false"), GROUP(CAPTIONS),
      HELP("Do not pad captions to full length; only the old DreamBooth script knows it."),
      .place = {{IN_CONFIG, 160}})
FIELD(lowram, BOOL, INITIAL("false"), GROUP(MEMORY),
      HELP("Load the model straight to the GPU, for machines with little main memory."),
      .place = {{IN_CONFIG, 330}})

// ---- Saving ----
FIELD(save_every_n_epochs, INT, INITIAL("1"), AT_LEAST(0), GROUP(SAVING),
      HELP("Save a file every n epochs; 0: only at the end."),
      .place = {{IN_CONFIG, 640, .when = WHEN_POSITIVE}})
FIELD(save_every_n_steps, INT, INITIAL("0"), AT_LEAST(0), GROUP(SAVING),
      HELP("Save a file every n steps; 0: by epochs."),
      .place = {{IN_CONFIG, 650, .when = WHEN_POSITIVE}})
FIELD(save_last_n_epochs, INT, INITIAL("0"), AT_LEAST(0), GROUP(SAVING),
      HELP("Keep only the newest n of the files saved by epochs; 0 keeps all."),
      .place = {{IN_CONFIG, 660, .when = WHEN_POSITIVE}})
FIELD(save_last_n_epochs_state, INT, INITIAL("0"), AT_LEAST(0), GROUP(SAVING),
      HELP("Keep only the newest n state folders saved by epochs."),
      .place = {{IN_CONFIG, 670, .when = WHEN_POSITIVE}})
FIELD(save_state, BOOL, INITIAL("false"), GROUP(SAVING),
      HELP("Save the optimizer's state with each file, so that training can go on later (large)."),
      .place = {{IN_CONFIG, 200}})
FIELD(save_state_on_train_end, BOOL, NULLABLE, GROUP(SAVING),
      HELP("Save that state at the end only."),
      .place = {{IN_CONFIG, 520, .when = WHEN_TRUE}})
FIELD(save_last_n_steps_state, INT, INITIAL("0"), AT_LEAST(0), GROUP(SAVING),
      HELP("Keep state folders of the last n steps only."),
      .place = {{IN_CONFIG, 680, .when = WHEN_POSITIVE}})
FIELD(save_model_as, CHOICE, INITIAL("safetensors"), CHOICES(SAVE_FORMATS), GROUP(SAVING),
      HELP("File format of what is saved; safetensors is the safe one."),
      .place = {{IN_CONFIG, 170}})
FIELD(save_precision, CHOICE, INITIAL("fp16"), CHOICES(SAVE_PRECISIONS), GROUP(SAVING),
      HELP("Number format of what is saved."),
      .place = {{IN_CONFIG, 180}})
FIELD(output_name, TEXT, INITIAL("lora"), GROUP(PROJECT),
      HELP("File name of the LoRA without its suffix; the project's name when left at 'lora'."),
      .place = {{IN_CONFIG, 30, .how = HOW_FILE_NAME_WITH_DOTS}})
FIELD(no_metadata, BOOL, INITIAL("false"), GROUP(SAVING), MODES(LORA),
      HELP("Leave the training's settings out of the saved file."),
      .place = {{IN_CONFIG, 190}})

// ---- Sample pictures ----
FIELD(sample_every_n_epochs, INT, INITIAL("0"), AT_LEAST(0), GROUP(SAMPLES),
      HELP("Make sample pictures every n epochs; 0: none."),
      .place = {{IN_CONFIG, 690, .when = WHEN_POSITIVE}})
FIELD(sample_every_n_steps, INT, INITIAL("0"), AT_LEAST(0), GROUP(SAMPLES),
      HELP("Make sample pictures every n steps; 0: none."),
      .place = {{IN_CONFIG, 700, .when = WHEN_POSITIVE}})
FIELD(sample_prompts, PATH, NULLABLE, GROUP(SAMPLES),
      HELP("File with the prompts of the sample pictures, one a line."),
      .place = {{IN_CONFIG, 590, .when = WHEN_FILLED}})
FIELD(sample_sampler, CHOICE, INITIAL("euler_a"), CHOICES(SAMPLERS), GROUP(SAMPLES),
      HELP("Sampler of the sample pictures."),
      .place = {{IN_CONFIG, 210, .when = WHEN_SAMPLES}})

// ---- Logging ----
FIELD(logging_dir, PATH, NULLABLE, MADE, GROUP(LOGGING),
      HELP("Folder for TensorBoard logs; empty: none are written."),
      .place = {{IN_CONFIG, 600, .when = WHEN_FILLED}})
FIELD(log_with, TEXT, NULLABLE, GROUP(LOGGING),
      HELP("tensorboard, wandb, all, or none."),
      .place = {{IN_CONFIG, 610, .when = WHEN_NOT_NONE}})
FIELD(log_prefix, TEXT, NULLABLE, GROUP(LOGGING),
      HELP("Put before the name of each log folder."),
      .place = {{IN_CONFIG, 620, .when = WHEN_FILLED}})
FIELD(log_tracker_name, TEXT, NULLABLE, GROUP(LOGGING),
      HELP("Name of the project at the tracker."),
      .place = {{IN_CONFIG, 540, .when = WHEN_FILLED}})
FIELD(log_tracker_config, TEXT, NULLABLE, GROUP(LOGGING),
      HELP("TOML file with the tracker's own options."),
      .place = {{IN_CONFIG, 550, .when = WHEN_FILLED}})
FIELD(wandb_run_name, TEXT, NULLABLE, GROUP(LOGGING),
      HELP("Name of this run at Weights & Biases."),
      .place = {{IN_CONFIG, 560, .when = WHEN_FILLED}})

// ---- Prediction ----
FIELD(v2, BOOL, INITIAL("false"), GROUP(NOISE), FAMILIES(SD15),
      HELP("The base model is Stable Diffusion 2.x."),
      .place = {{IN_CONFIG, 350}})
FIELD(v_parameterization, BOOL, INITIAL("false"), GROUP(NOISE), FAMILIES(SD15 | SDXL | TINY),
      HELP("The base model predicts velocity (SD 2.x at 768, v-prediction SDXL)."),
      .place = {{IN_CONFIG, 360}})
FIELD(scale_v_pred_loss_like_noise_pred, BOOL, NULLABLE, GROUP(NOISE), FAMILIES(SD15 | SDXL | TINY),
      HELP("Scale the loss of v-prediction like that of noise prediction."),
      .place = {{IN_CONFIG, 490, .when = WHEN_TRUE}})
FIELD(v_pred_like_loss, FLOAT, NULLABLE, AT_LEAST(0), GROUP(NOISE), FAMILIES(SD15 | SDXL | TINY),
      HELP("Adds a loss like v-prediction's, times this, to a noise-predicting model."),
      .place = {{IN_CONFIG, 500, .when = WHEN_SET}})
FIELD(debiased_estimation_loss, BOOL, NULLABLE, GROUP(NOISE),
      HELP("Weigh the loss so that no time step dominates."),
      .place = {{IN_CONFIG, 510, .when = WHEN_TRUE}})
FIELD(network_train_unet_only, BOOL, INITIAL("false"), GROUP(NETWORK), MODES(LORA),
      HELP("Leave the text encoders out of the LoRA."),
      .place = {{IN_CONFIG, 400, .when = WHEN_TRUE, .modes = LORA}})
FIELD(prior_loss_weight, FLOAT, INITIAL("1.0"), AT_LEAST(0), GROUP(NOISE), MODES(LORA),
      HELP("Weight of regularisation pictures in the loss."),
      .place = {{IN_CONFIG, 390}})

// ---- Flux, Chroma, SD3, Lumina ----
FIELD(ae_path, PATH, NULLABLE, BELOW("vae"), GROUP(MODEL), FAMILIES(FLUX | CHROMA | LUMINA | ANIMA | HUNYUAN),
      HELP("The family's autoencoder file."),
      .place = {{IN_CONFIG, 880, "ae", WHEN_FILLED, .families = FLUX | CHROMA | LUMINA}})
FIELD(t5xxl_max_token_length, INT, NULLABLE, AT_LEAST(75), GROUP(CAPTIONS), FAMILIES(FLUX | CHROMA | SD3 | SD35),
      HELP("Tokens that T5 reads; Flux schnell 256, dev 512."),
      .place = {{IN_CONFIG, 920, .when = WHEN_SET, .families = FLUX | CHROMA}})
FIELD(apply_t5_attn_mask, BOOL, INITIAL("false"), GROUP(CAPTIONS), FAMILIES(FLUX | CHROMA | SD3 | SD35),
      HELP("Hide the padding of captions from the model; Chroma needs it."),
      .place = {{IN_CONFIG, 930, .when = WHEN_TRUE, .families = FLUX | CHROMA}})
FIELD(guidance_scale, FLOAT, INITIAL("3.5"), AT_LEAST(0), GROUP(NOISE), FAMILIES(FLUX),
      HELP("Guidance that Flux is trained with; 1 for Flux dev."),
      .place = {{IN_CONFIG, 940, .when = WHEN_NOT_ONE, .families = FLUX}})
FIELD(timestep_sampling, CHOICE, INITIAL("sigma"), CHOICES(TIMESTEP_SAMPLINGS), GROUP(NOISE),
      FAMILIES(FLUX | CHROMA | LUMINA | ANIMA | HUNYUAN),
      HELP("How time steps are drawn; shift or flux_shift are usual for Flux."),
      .place = {{IN_CONFIG, 1110, .families = FLUX | CHROMA | ANIMA | HUNYUAN}})
FIELD(sigmoid_scale, FLOAT, INITIAL("1.0"), GROUP(NOISE), FAMILIES(FLUX | CHROMA | LUMINA | ANIMA | HUNYUAN),
      HELP("Width of the sigmoid and shift samplings."),
      .place = {{IN_CONFIG, 1120, .families = FLUX | CHROMA | ANIMA | HUNYUAN}})
FIELD(model_prediction_type, CHOICE, INITIAL("raw"), CHOICES(PREDICTIONS), GROUP(NOISE),
      FAMILIES(FLUX | CHROMA | LUMINA | HUNYUAN),
      HELP("What the model's output is taken for; raw for Flux."),
      .place = {{IN_CONFIG, 1140, .families = FLUX | CHROMA | HUNYUAN}})
FIELD(blocks_to_swap, INT, NULLABLE, AT_LEAST(0), GROUP(MEMORY),
      FAMILIES(FLUX | CHROMA | SD3 | SD35 | LUMINA | ANIMA | HUNYUAN),
      HELP("Blocks of the model kept in main memory and moved in when needed: less GPU memory, slower."),
      .place = {{IN_CONFIG, 1150, .when = WHEN_NOT_ZERO, .families = FLUX | CHROMA | ANIMA | HUNYUAN}})
FIELD(gemma2, PATH, NULLABLE, BELOW("pretrained_model"), GROUP(MODEL), FAMILIES(LUMINA),
      HELP("Gemma 2 text encoder file."),
      .place = {{IN_CONFIG, 860, .when = WHEN_FILLED, .families = LUMINA}})
FIELD(gemma2_max_token_length, INT, NULLABLE, INITIAL("256"), AT_LEAST(75), GROUP(CAPTIONS), FAMILIES(LUMINA),
      HELP("Tokens that Gemma 2 reads."),
      .place = {{IN_CONFIG, 870, .when = WHEN_SET, .families = LUMINA}})

// ---- Anima ----
FIELD(qwen3, PATH, NULLABLE, BELOW("pretrained_model"), GROUP(MODEL), FAMILIES(ANIMA),
      HELP("Qwen3 text encoder file or folder."),
      .place = {{IN_CONFIG, 950, .when = WHEN_FILLED, .families = ANIMA}})
FIELD(llm_adapter_path, PATH, NULLABLE, BELOW("pretrained_model"), GROUP(MODEL), FAMILIES(ANIMA),
      HELP("LLM adapter file, when it is not inside the base model."),
      .place = {{IN_CONFIG, 990, .when = WHEN_FILLED, .families = ANIMA}})
FIELD(llm_adapter_lr, FLOAT, NULLABLE, AT_LEAST(0), GROUP(LEARNING), FAMILIES(ANIMA),
      HELP("Learning rate of the LLM adapter; 0 leaves it as it is."),
      .place = {{IN_CONFIG, 1000, .when = WHEN_SET, .families = ANIMA}})
FIELD(self_attn_lr, FLOAT, NULLABLE, AT_LEAST(0), GROUP(LEARNING), FAMILIES(ANIMA),
      HELP("Learning rate of the self-attention layers."),
      .place = {{IN_CONFIG, 1010, .when = WHEN_SET, .families = ANIMA}})
FIELD(cross_attn_lr, FLOAT, NULLABLE, AT_LEAST(0), GROUP(LEARNING), FAMILIES(ANIMA),
      HELP("Learning rate of the cross-attention layers."),
      .place = {{IN_CONFIG, 1020, .when = WHEN_SET, .families = ANIMA}})
FIELD(mlp_lr, FLOAT, NULLABLE, AT_LEAST(0), GROUP(LEARNING), FAMILIES(ANIMA),
      HELP("Learning rate of the MLP layers."),
      .place = {{IN_CONFIG, 1030, .when = WHEN_SET, .families = ANIMA}})
FIELD(mod_lr, FLOAT, NULLABLE, AT_LEAST(0), GROUP(LEARNING), FAMILIES(ANIMA),
      HELP("Learning rate of the modulation layers."),
      .place = {{IN_CONFIG, 1040, .when = WHEN_SET, .families = ANIMA}})
FIELD(t5_tokenizer_path, PATH, NULLABLE, BELOW("pretrained_model"), GROUP(MODEL), FAMILIES(ANIMA),
      HELP("Folder of the T5 tokenizer."),
      .place = {{IN_CONFIG, 960, .when = WHEN_FILLED, .families = ANIMA}})
FIELD(qwen3_max_token_length, INT, NULLABLE, AT_LEAST(1), GROUP(CAPTIONS), FAMILIES(ANIMA),
      HELP("Tokens that Qwen3 reads; 512 when empty."),
      .place = {{IN_CONFIG, 970, .when = WHEN_SET, .families = ANIMA}})
FIELD(t5_max_token_length, INT, NULLABLE, AT_LEAST(1), GROUP(CAPTIONS), FAMILIES(ANIMA),
      HELP("Tokens that the T5 tokenizer makes; 512 when empty."),
      .place = {{IN_CONFIG, 980, .when = WHEN_SET, .families = ANIMA}})
FIELD(unsloth_offload_checkpointing, BOOL, NULLABLE, GROUP(MEMORY), FAMILIES(ANIMA),
      HELP("Move what gradient checkpointing keeps to main memory."),
      .place = {{IN_CONFIG, 1160, .when = WHEN_TRUE, .families = ANIMA}})

// ---- HunyuanImage ----
FIELD(text_encoder_path, PATH, NULLABLE, BELOW("pretrained_model"), GROUP(MODEL), FAMILIES(HUNYUAN),
      HELP("Qwen2.5-VL text encoder file."),
      .place = {{IN_CONFIG, 1050, "text_encoder", WHEN_FILLED, .families = HUNYUAN}})
FIELD(byt5_path, PATH, NULLABLE, BELOW("pretrained_model"), GROUP(MODEL), FAMILIES(HUNYUAN),
      HELP("ByT5 text encoder file."),
      .place = {{IN_CONFIG, 1060, "byt5", WHEN_FILLED, .families = HUNYUAN}})
FIELD(fp8_scaled, BOOL, NULLABLE, GROUP(MEMORY), FAMILIES(HUNYUAN),
      HELP("Scale the base model's 8-bit weights; better than fp8_base alone."),
      .place = {{IN_CONFIG, 1070, .when = WHEN_TRUE, .families = HUNYUAN}})
FIELD(fp8_vl, BOOL, NULLABLE, GROUP(MEMORY), FAMILIES(HUNYUAN),
      HELP("Hold the Qwen2.5-VL text encoder in 8 bits."),
      .place = {{IN_CONFIG, 1080, .when = WHEN_TRUE, .families = HUNYUAN}})
FIELD(text_encoder_cpu, BOOL, NULLABLE, GROUP(MEMORY), FAMILIES(HUNYUAN),
      HELP("Run the text encoders on the CPU."),
      .place = {{IN_CONFIG, 1090, .when = WHEN_TRUE, .families = HUNYUAN}})

// ---- Several newer families ----
FIELD(discrete_flow_shift, FLOAT, NULLABLE, GROUP(NOISE), FAMILIES(FLUX | CHROMA | LUMINA | ANIMA | HUNYUAN),
      HELP("Shift of the time steps when timestep_sampling is shift."),
      .place = {{IN_CONFIG, 1130, .when = WHEN_SET, .families = ANIMA},
                {IN_CONFIG, 1100, .when = WHEN_SET, .families = HUNYUAN}})
FIELD(vae_chunk_size, INT, NULLABLE, AT_LEAST(1), GROUP(MEMORY), FAMILIES(ANIMA | HUNYUAN),
      HELP("Work through the VAE in pieces of this size: less memory."),
      .place = {{IN_CONFIG, 1170, .when = WHEN_SET, .families = ANIMA | HUNYUAN}})
FIELD(vae_disable_cache, BOOL, NULLABLE, GROUP(MEMORY), FAMILIES(ANIMA),
      HELP("Switch the VAE's internal cache off: less memory."),
      .place = {{IN_CONFIG, 1180, .when = WHEN_TRUE, .families = ANIMA | HUNYUAN}})
FIELD(attn_mode, TEXT, NULLABLE, GROUP(MEMORY), FAMILIES(ANIMA | HUNYUAN),
      HELP("How attention is computed: torch, xformers, flash, sageattn or sdpa."),
      .place = {{IN_CONFIG, 1190, .when = WHEN_FILLED, .families = ANIMA | HUNYUAN}})
FIELD(split_attn, BOOL, NULLABLE, GROUP(MEMORY), FAMILIES(ANIMA | HUNYUAN),
      HELP("Compute attention picture by picture: less memory."),
      .place = {{IN_CONFIG, 1200, .when = WHEN_TRUE, .families = ANIMA | HUNYUAN}})

// ---- One entry of `subsets` ----
SUBSET(image_dir, PATH, REQUIRED, GROUP(DATASET),
       HELP("Folder of this part, below train_data_dir or absolute."),
       .place = {{IN_SUBSET, 10, .how = HOW_IMAGE_DIR}})
SUBSET(num_repeats, INT, INITIAL("10"), AT_LEAST(1), GROUP(DATASET),
       HELP("How often each picture of this part is seen in one epoch."),
       .place = {{IN_SUBSET, 20}})
SUBSET(class_tokens, TEXT, NULLABLE, GROUP(DATASET),
       HELP("Caption of pictures that have no caption file."),
       .place = {{IN_SUBSET, 40, .when = WHEN_FILLED}})
