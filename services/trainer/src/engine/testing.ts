/** The parts of this floor that tests reach directly; nothing else imports this file. */
import './kernels/meanGradient.js'
import './kernels/reluGradients.js'

export { batchNormalization } from './kernels/batchNormalization.js'
export { softmaxCrossEntropy, weightedCrossEntropy } from './kernels/softmaxCrossEntropy.js'
export { assignStates, makeStep, type StepOptions, type VariableState } from './makeStep.js'
export { supportsBfloat16 } from './precision.js'
export { recordForward } from './recordForward.js'
export { recordGraph } from './recordGraph.js'
export {
  backend,
  tf,
  type Layer,
  type LayersModel,
  type ModelArtifacts,
  type SymbolicTensor,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
  type Variable,
} from './tf.js'
export { binding } from './tf.js'
