// SPDX-License-Identifier: MIT
// Runs the two programs as a person would, in a workspace of its own that goes with the test. Node's own modules only.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const tree = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const bin = process.env.LORICA_BIN ?? path.join(tree, 'build/dev/bin');
export const standin = path.join(tree, 'tests/fixtures/sd_scripts');

// A workspace below a fresh folder; `t` is node's test context, which removes it.
export function workspace(t) {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'lorica e2e '));
  const ws = new Workspace(dir);
  t.after(async () => {
    for (const stop of ws.stops) await stop(); // what writes into it ends first
    rmSync(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });
  return ws;
}

class Workspace {
  constructor(dir) {
    this.dir = dir;
    this.root = path.join(dir, 'ws');
    this.stops = []; // each ends a program that runs in this workspace
    this.env = { PATH: process.env.PATH, HOME: dir, LORICA_WORKSPACE: this.root, LORICA_ORT: process.env.LORICA_ORT ?? '' };
    if (!this.env.LORICA_ORT) delete this.env.LORICA_ORT;
  }

  path(...parts) {
    return path.join(this.root, ...parts);
  }

  read(...parts) {
    return readFileSync(this.path(...parts), 'utf8');
  }

  // {code, out, err} of one command; `program` is lorica unless said.
  run(args, { program = 'lorica', env = {}, timeout = 120000 } = {}) {
    const done = spawnSync(path.join(bin, program), args, {
      cwd: this.dir, env: { ...this.env, ...env }, encoding: 'utf8', timeout,
    });
    if (done.error) throw done.error;
    return { code: done.status, out: done.stdout, err: done.stderr };
  }

  // The JSON result of a command that must end with `code`.
  json(args, { code = 0, ...options } = {}) {
    const done = this.run([...args, '--json'], options);
    if (done.code !== code) throw new Error(`lorica ${args.join(' ')}: exit ${done.code}, not ${code}\n${done.out}\n${done.err}`);
    return JSON.parse(done.out);
  }

  // The demo's pictures as a folder outside the workspace.
  draw() {
    const dir = path.join(this.dir, 'pictures');
    const done = this.run(['demo-images', dir], { program: 'lorica-worker' });
    if (done.code !== 0) throw new Error(done.err);
    return dir;
  }

  // A request file for dataset `name`, with a base model that exists; `more` overrides fields.
  request(name, more = {}) {
    const file = path.join(this.dir, `${name}.json`);
    const fields = {
      project_name: name, model_type: 'SD1.5', pretrained_model_name_or_path: 'pretrained_model/base.safetensors',
      train_data_dir: `datasets/${name}`, output_dir: 'output', resolution: 512, num_repeats: 2, train_batch_size: 2,
      max_train_epochs: 2, network_dim: 4, network_alpha: 4, optimizer_type: 'AdamW', lr_scheduler: 'cosine',
      mixed_precision: 'no', save_precision: 'fp16', ...more,
    };
    writeFileSync(file, JSON.stringify(fields, null, 2));
    return file;
  }

  connectTrainer() {
    this.json(['settings', 'set', 'trainer.sd_scripts', standin]);
  }

  // A file with the header of a base model: what it is is told by the names of its tensors.
  addBaseModel(name = 'base.safetensors', tensors = modelTensors['SD1.5']) {
    writeFileSync(this.path('pretrained_model', name), safetensors(tensors));
  }
}

// Names by which a model file is known, by family or part.
export const modelTensors = {
  'SD1.5': ['model.diffusion_model.input_blocks.0.0.weight', 'cond_stage_model.transformer.text_model.final_layer_norm.weight',
    'first_stage_model.decoder.conv_in.weight'],
  'SD2': ['model.diffusion_model.input_blocks.0.0.weight', 'cond_stage_model.model.transformer.resblocks.0.ln_1.weight'],
  'SDXL': ['model.diffusion_model.input_blocks.0.0.weight', 'model.diffusion_model.label_emb.0.0.weight',
    'conditioner.embedders.1.model.transformer.resblocks.0.ln_1.weight'],
  'SDXL refiner': ['model.diffusion_model.input_blocks.0.0.weight',
    'conditioner.embedders.0.model.transformer.resblocks.0.ln_1.weight'],
  'SDXL v': ['model.diffusion_model.input_blocks.0.0.weight', 'model.diffusion_model.label_emb.0.0.weight',
    'conditioner.embedders.1.model.transformer.resblocks.0.ln_1.weight', 'v_pred'],
  'Flux': [...Array.from({ length: 19 }, (_, i) => `double_blocks.${i}.img_attn.qkv.weight`),
    ...Array.from({ length: 38 }, (_, i) => `single_blocks.${i}.linear1.weight`), 'guidance_in.in_layer.weight'],
  'Chroma': ['double_blocks.0.img_attn.qkv.weight', 'distilled_guidance_layer.in_proj.weight'],
  'SD3': ['model.diffusion_model.joint_blocks.0.context_block.attn.qkv.weight'],
  'SD3.5': ['model.diffusion_model.joint_blocks.0.context_block.attn.qkv.weight',
    'model.diffusion_model.joint_blocks.0.context_block.attn.ln_k.weight'],
  'Lumina': ['cap_embedder.0.weight', 'noise_refiner.0.attention.qkv.weight'],
  'Anima': ['net.x_embedder.proj.1.weight', 'net.blocks.0.self_attn.q_proj.weight'],
  'HunyuanImage': ['byt5_in.fc1.weight', 'double_blocks.0.img_attn_qkv.weight'],
  'LoRA': ['lora_unet_x.lora_down.weight', 'lora_unet_x.lora_up.weight'],
  'VAE': ['decoder.conv_in.weight', 'encoder.conv_in.weight'],
  'T5': ['encoder.block.0.layer.0.SelfAttention.q.weight'],
  'CLIP-L': ['text_model.encoder.layers.11.mlp.fc1.weight'],
  'CLIP-G': ['text_model.encoder.layers.31.mlp.fc1.weight', 'text_model.encoder.layers.11.mlp.fc1.weight'],
};

// A safetensors file of these names, one float16 each.
export function safetensors(names) {
  const header = {};
  names.forEach((name, i) => { header[name] = { dtype: 'F16', shape: [1, 1], data_offsets: [2 * i, 2 * i + 2] }; });
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(2 * names.length)]);
}

// Header of a safetensors file: {tensor: {dtype, shape, data_offsets}, __metadata__}.
export function safetensorsHeader(file) {
  const bytes = readFileSync(file);
  const length = Number(bytes.readBigUInt64LE(0));
  return JSON.parse(bytes.subarray(8, 8 + length).toString('utf8'));
}
