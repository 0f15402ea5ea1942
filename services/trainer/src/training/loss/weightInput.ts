import type { InputDeclaration } from '../../engine/recordGraph.js'

/** A scalar of every step with unlabelled images: what their term is multiplied by. */
export const weightInput: Readonly<Record<'unlabelledWeight', InputDeclaration>> = {
  unlabelledWeight: { shape: [], dtype: 'float32' },
}
