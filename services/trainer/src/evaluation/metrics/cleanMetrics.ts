import { wilsonInterval } from '@imclr/statistics'
import { type CleanMetrics } from '@imclr/contract'
import { predictedClasses, type Answers } from './answers.js'
import { balancedAccuracy, confusionMatrix, perClassMetrics } from './classification.js'
import { brierScore, negativeLogLikelihood, topKHits } from './scores.js'

/** All metrics of the answers on uncorrupted images. */
export function cleanMetrics(answers: Answers, classNames: readonly string[]): CleanMetrics {
  const images = answers.labels.length
  const predicted = predictedClasses(answers)
  const confusion = confusionMatrix(answers.labels, predicted, answers.classes)
  const perClass = perClassMetrics(confusion, classNames)
  const correct = confusion.reduce((sum, row, k) => sum + row[k]!, 0)
  return {
    images,
    correct,
    accuracy: correct / images,
    interval: wilsonInterval(correct, images),
    error: 1 - correct / images,
    balancedAccuracy: balancedAccuracy(perClass),
    topK: [2, 3, 5]
      .filter((k) => k < answers.classes)
      .map((k) => {
        const hits = topKHits(answers, k)
        return { k, accuracy: hits / images, interval: wilsonInterval(hits, images) }
      }),
    negativeLogLikelihood: negativeLogLikelihood(answers),
    brier: brierScore(answers),
    perClass,
    confusion,
  }
}
