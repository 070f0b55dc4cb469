// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import tailwind from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

// The colours must be known before the first paint, and a module runs after it. So src/app/before-paint.js goes into the
// head as a plain blocking script of its own: not inline, so that the server can forbid inline scripts.
function beforePaint(): Plugin {
  const source = () => readFileSync(here('./src/app/before-paint.js'), 'utf8')
  return {
    name: 'before-paint',
    generateBundle() {
      this.emitFile({ type: 'asset', name: 'before-paint.js', source: source() })
    },
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle }) {
        if (!bundle) return [{ tag: 'script', children: source(), injectTo: 'head-prepend' }]
        const emitted = Object.values(bundle).find(
          (file) => file.type === 'asset' && file.names.includes('before-paint.js'),
        )
        if (!emitted) throw new Error('before-paint.js is not in the bundle')
        return [{ tag: 'script', attrs: { src: `/${emitted.fileName}` }, injectTo: 'head-prepend' }]
      },
    },
  }
}

const server = process.env.LORICA_URL ?? 'http://127.0.0.1:3000'

export default defineConfig({
  plugins: [react(), tailwind(), beforePaint()],
  resolve: { alias: { '@': here('./src') } },
  build: {
    target: 'baseline-widely-available',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // Few files rather than many small ones: what every place needs, and each large place by itself.
        codeSplitting: {
          groups: [
            { name: 'react', test: /node_modules\/(react|react-dom|scheduler|@tanstack\/(?!.*virtual))/ },
            { name: 'virtual', test: /node_modules\/@tanstack\/.*virtual/ },
            { name: 'shared', test: /\/src\//, minShareCount: 2 },
          ],
        },
      },
    },
  },
  // Development only: the page from Vite, the API from a running server (the real one or mock/server.mjs).
  server: {
    proxy: {
      '/api': { target: server },
      '/ws': { target: server, ws: true },
    },
  },
})
