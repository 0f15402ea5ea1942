import type { Calibration } from '@imclr/contract'
import type { Answers } from './answers.js'

const bins = 15

/**
 * Gathers answers for the expected calibration error. It uses 15 bins of equal width over the probability of the
 * predicted class. The upper bound of a bin belongs to the bin. ECE = sum over bins of (images / all) |accuracy -
 * confidence|. Source: Guo et al. 2017 (arXiv 1706.04599).
 */
export class CalibrationBins {
  private readonly counts = new Float64Array(bins)
  private readonly hits = new Float64Array(bins)
  private readonly confidences = new Float64Array(bins)

  /** @param predicted the likeliest class of every image */
  add({ probabilities, labels, classes }: Answers, predicted: Uint16Array): void {
    for (let i = 0; i < labels.length; i++) {
      const confidence = Math.min(1, probabilities[i * classes + predicted[i]!]!)
      const bin = Math.max(0, Math.ceil(confidence * bins) - 1)
      this.counts[bin]!++
      this.confidences[bin]! += confidence
      if (predicted[i] === labels[i]) this.hits[bin]!++
    }
  }

  result(): Calibration {
    const images = this.counts.reduce((sum, count) => sum + count, 0)
    let ece = 0
    const rows = Array.from(this.counts, (count, bin) => {
      ece += Math.abs(this.hits[bin]! - this.confidences[bin]!) / images
      return {
        low: bin / bins,
        high: (bin + 1) / bins,
        images: count,
        accuracy: count > 0 ? this.hits[bin]! / count : null,
        confidence: count > 0 ? this.confidences[bin]! / count : null,
      }
    })
    return { images, ece: images > 0 ? ece : 0, bins: rows }
  }
}
