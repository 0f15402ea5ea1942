import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { unzipSync } from 'fflate'
import { describe, expect, it } from 'vitest'

const folder = new URL('../../infra/demo/', import.meta.url)
const archive = readFileSync(new URL('fashion-mnist-small.zip', folder))

describe("the demo's data set", () => {
  it('is the archive that its README names', () => {
    const sum = createHash('sha256').update(archive).digest('hex')
    expect(readFileSync(new URL('README.md', folder), 'utf8')).toContain(`sha256 ${sum}`)
  })

  it('has the images that its README lists, each one once', () => {
    const files = Object.entries(unzipSync(archive))
    const counts = new Map<string, number>()
    for (const [path] of files) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1)
    const classes = [
      'Ankle boot',
      'Bag',
      'Coat',
      'Dress',
      'Pullover',
      'Sandal',
      'Shirt',
      'Sneaker',
      'T-shirt_top',
      'Trouser',
    ]
    expect([...counts]).toEqual([
      ...classes.map((name) => [`test/${name}`, 200]),
      ...classes.map((name) => [`train/${name}`, 50]),
      ['unlabelled', 4000],
    ])
    // The encoder writes equal files for equal pixels.
    expect(new Set(files.map(([, bytes]) => createHash('sha256').update(bytes).digest('hex'))).size).toBe(6500)
  })
})
