import type { InputDeclaration } from '../../engine/recordGraph.js'

/** The weight of the term of the unlabelled images: a scalar input of every step that has them. */
export const weightInput: Readonly<Record<'unlabelledWeight', InputDeclaration>> = {
  unlabelledWeight: { shape: [], dtype: 'float32' },
}
