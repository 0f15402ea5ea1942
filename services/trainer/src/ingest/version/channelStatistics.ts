/**
 * Mean and standard deviation of red, green and blue over all pixels, 0..255. Counts of levels, so exact whatever the
 * order.
 */
export class ChannelStatistics {
  readonly #levels = new Float64Array(3 * 256)

  /** @param pixels uint8 `[..., 3]` */
  add(pixels: Uint8Array): void {
    const levels = this.#levels
    for (let i = 0; i < pixels.length; i += 3) {
      levels[pixels[i]!]!++
      levels[256 + pixels[i + 1]!]!++
      levels[512 + pixels[i + 2]!]!++
    }
  }

  get mean(): number[] {
    return [0, 1, 2].map((channel) => this.#moment(channel, (level) => level))
  }

  /** Over the population: divided by the number of pixels. */
  get std(): number[] {
    return this.mean.map((mean, channel) => Math.sqrt(this.#moment(channel, (level) => (level - mean) ** 2)))
  }

  #moment(channel: number, of: (level: number) => number): number {
    const counts = this.#levels.subarray(channel * 256, (channel + 1) * 256)
    const total = counts.reduce((sum, count) => sum + count, 0)
    return total === 0 ? 0 : counts.reduce((sum, count, level) => sum + count * of(level), 0) / total
  }
}
