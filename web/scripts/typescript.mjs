// SPDX-License-Identifier: MIT
// Lets Node import TypeScript (node --import ./scripts/typescript.mjs): types are stripped by the same compiler that
// bundles the page, so the tests need no runner of their own. `@/x` means src/x, as in the page.
import { register } from 'node:module'

register('./typescript-hooks.mjs', import.meta.url)
