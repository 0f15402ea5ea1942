import { stream, type Stream } from '../../random/stream.js'
import { plasma } from './fog.js'
import type { RgbImage } from './imageCorruption.js'

/**
 * Mean colour and spread of the five pictures, near those of the benchmark's photographs of frost. Measured on them,
 * scaled by 0.2: mean levels from 123 to 207, standard deviation within 32 pixels from 14 to 34, neighbours differing
 * by 11 to 29 levels; these come to 15 to 32 and 12 to 24. The photographs themselves are not ours to ship.
 */
const looks = [
  { red: 78, green: 149, blue: 166, spread: 16 },
  { red: 201, green: 205, blue: 214, spread: 18 },
  { red: 170, green: 180, blue: 190, spread: 20 },
  { red: 138, green: 153, blue: 165, spread: 27 },
  { red: 112, green: 123, blue: 135, spread: 34 },
]

let latest: { key: string; pictures: readonly RgbImage[] } | undefined

/**
 * Five pictures of ice crystals: needles with side branches at 60 degrees on a cloudy ground. Drawn once per seed and
 * size, then cropped as the benchmark crops its photographs. Reports name this frost "procedural": its numbers are not
 * those of the benchmark's photographs. The pictures of the latest seed and size are kept, because each severity asks
 * for the same ones.
 */
export function proceduralFrost(seed: number, size: { height: number; width: number }): readonly RgbImage[] {
  const key = `${seed} ${size.height} ${size.width}`
  if (latest?.key !== key) latest = { key, pictures: drawFrost(seed, size) }
  return latest.pictures
}

function drawFrost(seed: number, { height, width }: { height: number; width: number }): RgbImage[] {
  const rows = 4 * height
  const columns = 4 * width
  return looks.map((look, i) => {
    const draw = stream({ seed, name: 'corrupt', epoch: 90, index: i })
    const values = crystals(rows, columns, draw)
    const bytes = new Uint8Array(rows * columns * 3)
    for (let p = 0; p < values.length; p++) {
      const change = values[p]! * look.spread
      bytes[3 * p] = clip(look.red + change)
      bytes[3 * p + 1] = clip(look.green + change)
      bytes[3 * p + 2] = clip(look.blue + change)
    }
    return { bytes, height: rows, width: columns }
  })
}

const clip = (value: number) => Math.min(255, Math.max(0, Math.round(value)))

/** `[rows, columns]` of mean 0 and standard deviation 1. */
function crystals(rows: number, columns: number, draw: Stream): Float64Array {
  const side = 2 ** Math.ceil(Math.log2(Math.max(rows, columns)))
  const ground = new Float64Array(side * side)
  plasma(side, 1.8)(ground, draw)
  const values = new Float64Array(rows * columns)
  for (let y = 0; y < rows; y++) for (let x = 0; x < columns; x++) values[y * columns + x] = 1.2 * ground[y * side + x]!
  const unit = Math.max(1, Math.min(rows, columns) / 128) // pixels; the pictures look alike at every size
  const needles = Math.round((rows * columns) / (14 * unit * unit))
  const plot = (y: number, x: number, light: number) => {
    const row = ((Math.floor(y) % rows) + rows) % rows
    const column = ((Math.floor(x) % columns) + columns) % columns
    values[row * columns + column]! += light
  }
  const needle = ({
    y,
    x,
    angle,
    length,
    light,
  }: {
    y: number
    x: number
    angle: number
    length: number
    light: number
  }) => {
    for (let t = 0; t < length; t += 0.7) {
      const thickness = Math.max(1, unit * (1 - t / length))
      for (let across = 0; across < thickness; across++) {
        plot(
          y + t * Math.sin(angle) + across * Math.cos(angle),
          x + t * Math.cos(angle) - across * Math.sin(angle),
          light * (1 - t / length),
        )
      }
    }
  }
  for (let i = 0; i < needles; i++) {
    const y = draw.uniform() * rows
    const x = draw.uniform() * columns
    // Neighbouring crystals grow in like directions: the ground turns them.
    const angle = 2 * Math.PI * (ground[Math.floor(y) * side + Math.floor(x)]! + 0.15 * draw.normal())
    const length = unit * (3 + 9 * draw.uniform() ** 2)
    const light = draw.uniform() < 0.75 ? 1 : -0.8
    needle({ y, x, angle, length, light })
    for (const turn of [Math.PI / 3, -Math.PI / 3]) {
      const along = length * (0.2 + 0.5 * draw.uniform())
      needle({
        y: y + along * Math.sin(angle),
        x: x + along * Math.cos(angle),
        angle: angle + turn,
        length: length * 0.5,
        light: light * 0.8,
      })
    }
  }
  return standardise(values)
}

function standardise(values: Float64Array): Float64Array {
  let sum = 0
  let squares = 0
  for (const value of values) {
    sum += value
    squares += value * value
  }
  const mean = sum / values.length
  const deviation = Math.sqrt(squares / values.length - mean * mean)
  return values.map((value) => (value - mean) / deviation)
}
