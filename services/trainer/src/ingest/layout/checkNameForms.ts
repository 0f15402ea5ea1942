import type { Problems } from '../problems.js'

/** Control characters and halves of surrogate pairs: databases refuse them, and nobody sees them. */
const unwritable = /[\p{Cc}\p{Cs}]/u
const visible = /[^\p{Z}\p{C}\p{M}]/u

/** Finds class names that cannot be stored or seen: they go into the database, reports and pictures. */
export function checkNameForms(classes: readonly string[], problems: Problems): void {
  classes.forEach((name, label) => {
    if (!unwritable.test(name) && visible.test(name)) return
    const shown = JSON.stringify(name.slice(0, 40)).replace(/[\p{Cc}\p{Cs}]/gu, '\ufffd')
    const what = unwritable.test(name)
      ? 'has control characters or halves of characters'
      : 'has nothing that can be seen'
    problems.add('set', {
      path: '',
      code: 'BAD_NAME',
      message: `the name of class ${label}, ${shown}, ${what}`,
      fix: 'Rename the class.',
    })
  })
}
