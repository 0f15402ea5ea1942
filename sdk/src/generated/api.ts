// Generated from the router of the API by `npm run generate`. Do not edit: change the router or the contract and generate anew.

/** Options of one call. */
export interface CallOptions {
  signal?: AbortSignal
  /** For creates: the same key and body give the same answer. */
  idempotencyKey?: string
}

export interface ApiKeySummary {
  id: string
  name: string
  prefix: string
  scopes: Scope[]
  createdAt: string
  expiresAt: string | null
  lastUsedAt: string | null
  revokedAt: string | null
}

export interface ArmResult {
  arm: string
  accuracies: { seed: number; accuracy: number }[]
  mean: number
  deviation: number | null
  interval: { low: number; high: number } | null
  lowest: number
  highest: number
  corruptedError: number | null
  steps: number
  seconds: number
  epochs: number
}

export interface ArtifactFile {
  path: string
  bytes: number
  sha256: string
  contentType: string
}

export interface ArtifactManifest {
  schemaVersion: 1
  jobId: string
  attempt: number
  name: string
  network: 'resnet8' | 'resnet20' | 'resnet32' | 'resnet44' | 'resnet56' | 'resnet110' | 'resnet18' | 'wrn28-2' | 'wrn40-2' | 'wrn16-8' | 'wrn28-10' | 'conv-large' | 'vgg16-bn' | (string & {})
  layers: string[]
  origin: Origin | null
  spec: TrainingSpec
  versionId: string
  classes: string[]
  picture: Picture
  parameters: number
  epochsTrained: number
  endedEarly: 'stopped' | null
  accuracy: number
  goldenDifference: number
  multiplyAddsPerSecond: number
  files: ArtifactFile[]
}

export type AugmentName = 'crop' | 'flip' | 'translate' | 'autoaugment' | 'randaugment' | 'jitter' | 'noise' | 'cutout' | 'erase' | 'augmix'

export type AugmentOperationInput =
  | { op: 'crop'; padding?: number | null; border?: 'zero' | 'reflect' }
  | { op: 'flip'; probability?: number }
  | { op: 'translate'; pixels?: number; border?: 'zero' | 'reflect' }
  | { op: 'autoaugment'; policy?: 'cifar10' }
  | { op: 'randaugment'; operations?: number; magnitude?: number }
  | { op: 'jitter'; brightness?: number; contrast?: number; saturation?: number; hue?: number }
  | { op: 'noise'; sigma?: number }
  | { op: 'cutout'; size?: number | null; fill?: number }
  | { op: 'erase'; probability?: number; smallest?: number; largest?: number; aspect?: number; fill?: 'noise' | number }
  | { op: 'augmix'; severity?: number; width?: number; depth?: number | null; alpha?: number; operations?: 'standard' | 'all'; jsd?: number }

export type AugmentOperation =
  | { op: 'crop'; padding: number | null; border: 'zero' | 'reflect' }
  | { op: 'flip'; probability: number }
  | { op: 'translate'; pixels: number; border: 'zero' | 'reflect' }
  | { op: 'autoaugment'; policy: 'cifar10' }
  | { op: 'randaugment'; operations: number; magnitude: number }
  | { op: 'jitter'; brightness: number; contrast: number; saturation: number; hue: number }
  | { op: 'noise'; sigma: number }
  | { op: 'cutout'; size: number | null; fill: number }
  | { op: 'erase'; probability: number; smallest: number; largest: number; aspect: number; fill: 'noise' | number }
  | { op: 'augmix'; severity: number; width: number; depth: number | null; alpha: number; operations: 'standard' | 'all'; jsd: number }

export interface BudgetResult {
  budget: number | null
  arms: ArmResult[]
  comparisons: ComparisonResult[]
}

export interface Calibration {
  images: number
  ece: number
  bins: ReliabilityBin[]
}

export type CancelMode = 'graceful' | 'now'

export interface CatalogueEntry {
  name: string
  title: string
  homepage: string
  licence: string
  citation: string
  files: { address: string; bytes: number; md5: string | null; needed: boolean }[]
  format: string
  classes: number
  picture: { height: number; width: number }
  counts: { train: number; test: number; unlabelled: number }
  channelMean: [number, number, number] | null
  channelStd: [number, number, number] | null
}

export interface ClassMetrics {
  name: string
  support: number
  predicted: number
  precision: number | null
  recall: number | null
  f1: number | null
}

export interface CleanMetrics {
  images: number
  correct: number
  accuracy: number
  interval: Interval
  error: number
  balancedAccuracy: number
  topK: { k: number; accuracy: number; interval: Interval }[]
  negativeLogLikelihood: number
  brier: number
  perClass: ClassMetrics[]
  confusion: number[][]
}

export interface ComparisonResult {
  arm: string
  against: string
  published: number | null
  metric: 'clean' | 'corrupted'
  perSeed: { seed: number; first: number; second: number; difference: number; onlyFirst: number; onlySecond: number; pValue: number }[]
  mean: number
  deviation: number | null
  interval: { low: number; high: number } | null
  pValue: number | null
  pHolm: number | null
  bootstrap: { low: number; high: number }
  stepsRatio: number
  secondsRatio: number
  corrupted: CorruptedResult | null
  whyNoCorrupted: string | null
}

export interface CorruptedResult {
  seeds: number[]
  images: number
  first: number
  second: number
  mean: number
  deviation: number | null
  interval: { low: number; high: number } | null
  pValue: number | null
  pHolm: number | null
  bootstrap: { low: number; high: number }
  perCorruption: { corruption: string; benchmark: boolean; first: number; second: number; mean: number; deviation: number | null; interval: { low: number; high: number } | null; pValue: number | null; pHolm: number | null }[]
  perSeverity: { severity: number; first: number; second: number; mean: number; deviation: number | null; interval: { low: number; high: number } | null; pValue: number | null }[]
  cells: { corruption: string; severity: number; benchmark: boolean; mean: number; deviation: number | null; interval: { low: number; high: number } | null; pValue: number | null }[]
}

export interface CorruptionBlock {
  table: '32' | '64' | '224'
  stored: boolean
  images: number
  total: number
  seed: number
  frost: string
  cells: CorruptionCell[]
  perCorruption: { corruption: string; benchmark: boolean; error: number }[]
  perSeverity: { severity: number; error: number }[]
  meanError: number
  cleanErrorOfSameImages: number
  reference: ReferenceComparison | null
}

export interface CorruptionCell {
  corruption: string
  group: 'noise' | 'blur' | 'weather' | 'digital'
  benchmark: boolean
  severity: number
  error: number
  images: number
  parameters: Record<string, number | string>
}

export interface CreateExperimentRequest {
  versionId: string
  experiment: PresetName | ExperimentDefinitionInput
  scale?: Scale
  seeds?: number[]
  budgets?: (number | null)[]
  overrides?: SpecOverrides
  computeMatched?: boolean
}

export interface CreateNetworkRequest {
  uploadId: string
  parts: UploadPart[]
  name: string
  model: string
  normalisation?: Normalisation | null
  licence?: string | null
}

export interface CreateUploadRequest {
  datasetName: string
  fileName: string
  bytes: number
}

export interface DatasetManifest {
  schemaVersion: 1
  versionId: string
  contentSha256: string
  format: string
  classes: string[]
  picture: Picture
  options: PrepareOptions
  splits: { train: SplitManifest; validation: SplitManifest; test: SplitManifest; unlabelled: SplitManifest }
  index: { path: string; bytes: number; sha256: string }
  folds: { path: string; bytes: number; sha256: string } | null
  channelMean: number[]
  channelStd: number[]
  testWasGiven: boolean
  removedDuplicates: { removed: string; keptTest: string }[]
  removedDuplicateCount: number
  nearDuplicates: NearDuplicate[]
  nearDuplicateCount: number
  skipped: Issue[]
  skippedCount: number
  notes: Note[]
  contactSheet: { path: string; bytes: number; sha256: string }
  corruptionPreview: { path: string; bytes: number; sha256: string } | null
  storedCells: { corruption: string; severity: number; first: number; count: number }[] | null
  originals: { path: string; bytes: number; sha256: string; testPosition: number; contentType: string }[]
}

export interface DatasetSummary {
  id: string
  name: string
  createdAt: string
  latestVersionId: string | null
  preparingJobId: string | null
}

export interface Environment {
  imclr: string
  node: string
  tfjs: string
  tensorflow: string
  platform: string
  cpu: string
  cores: number
  device: string
  gpu?: string
  driver?: string
  cuda?: string
  computeCapability?: string
  threads: number | null
}

export interface EpochRecord {
  epoch: number
  loss: number
  labelEntropy: number
  learningRate: number
  steps: number
  seconds: number
  imagesPerSecond: number
  validation?: { accuracy: number; loss: number }
  unlabelled?: { term: number; weighted: number; weight: number; ramp: number; counted: number }
}

export interface Estimate {
  seconds: number
  basis: 'measured' | 'probed' | 'assumed'
  note: string
  memoryBytes: number | null
}

export interface EvaluateJob {
  id: string
  projectId: string
  name: string | null
  state: JobState
  attempt: number
  limits: Limits
  estimate: Estimate | null
  progress: Progress | null
  cancelRequested: CancelMode | null
  failure: FailureRecord | null
  endedEarly: 'canceled' | 'time_limit' | null
  lastCheckpoint: { at: string; epoch: number; step: number } | null
  queuePosition: number | null
  waitingFor: string | null
  lastEvent: number
  createdAt: string
  startedAt: string | null
  finishedAt: string | null
  kind: 'evaluate'
  modelId: string
  datasetId: string
  versionId: string
  options: EvaluateOptions
}

export interface EvaluateOptionsInput {
  corruptionImages?: number | 'all' | 'none'
  perturbationImages?: number | 'all' | 'none'
  referenceModelId?: string | null
  seed?: number
}

export interface EvaluateOptions {
  corruptionImages: number | 'all' | 'none'
  perturbationImages: number | 'all' | 'none'
  referenceModelId: string | null
  seed: number
}

export interface EvaluateRequest {
  modelId: string
  versionId: string
  name?: string
  options?: EvaluateOptionsInput
  limits?: LimitsInput
}

export interface EvaluationReport {
  schemaVersion: 1
  model: { name: string; mode: 'imclr' | 'baseline'; testInput: TestInput; network: string; networkTitle: string | null; parameters: number; epochsTrained: number; trainImages: number; seed: number; precision: string; endedEarly: string | null; id: string; trainedOn: string }
  dataset: { versionId: string; name: string | null; classes: string[]; imageSize: { height: number; width: number }; counts: { train: number; test: number; unlabelled: number }; testPerClass: number[]; testWasGiven: boolean }
  evaluated: { images: number; total: number }
  clean: CleanMetrics | null
  corruption: { table: '32' | '64' | '224'; stored: boolean; images: number; total: number; seed: number; frost: string; cells: CorruptionCell[]; perCorruption: { corruption: string; benchmark: boolean; error: number }[]; perSeverity: { severity: number; error: number }[]; meanError: number; cleanErrorOfSameImages: number | null; reference: ReferenceComparison | null } | null
  perturbation: PerturbationBlock | null
  calibration: { clean: Calibration | null; corrupted: Calibration | null; perSeverity: { severity: number; images: number; ece: number }[] }
  notes: string[]
  notMeasured: string[]
  environment: Environment
}

export interface EvaluationSpecInput {
  corruptionImages?: number | 'all' | 'none'
  perturbationImages?: number | 'all' | 'none'
  referenceModelId?: string | null
}

export interface EvaluationSpec {
  corruptionImages: number | 'all' | 'none'
  perturbationImages: number | 'all' | 'none'
  referenceModelId: string | null
}

export interface EvaluationSummary {
  jobId: string
  modelId: string
  versionId: string
  accuracy: number | null
  meanCorruptionError: number | null
  meanFlipProbability: number | null
  files: ArtifactFile[]
}

export interface Experiment {
  id: string
  name: string
  title: string
  datasetId: string
  versionId: string
  preset: PresetName | null
  scale: Scale | null
  state: 'running' | 'succeeded' | 'incomplete'
  runs: { total: number; succeeded: number; unfinished: number; withoutResult: number }
  createdAt: string
  definition: ExperimentDefinition
  secondsLeft: number | null
  allRuns: ExperimentRun[]
}

export interface ExperimentArmInput {
  name: string
  title: string
  spec: TrainingSpecInput
}

export interface ExperimentArm {
  name: string
  title: string
  spec: TrainingSpec
}

export interface ExperimentComparisonInput {
  arm: string
  against: string
  published?: number | null
  metric?: 'clean' | 'corrupted'
}

export interface ExperimentComparison {
  arm: string
  against: string
  published: number | null
  metric: 'clean' | 'corrupted'
}

export interface ExperimentDefinitionInput {
  name: string
  title: string
  claim?: string | null
  recipe?: string | null
  arms: ExperimentArmInput[]
  comparisons?: ExperimentComparisonInput[]
  seeds?: number[]
  budgets?: (number | null)[]
  requires?: ExperimentRequirementsInput
}

export interface ExperimentDefinition {
  name: string
  title: string
  claim: string | null
  recipe: string | null
  arms: ExperimentArm[]
  comparisons: ExperimentComparison[]
  seeds: number[]
  budgets: (number | null)[]
  requires: ExperimentRequirements
}

export interface ExperimentPlan {
  name: string
  title: string
  claim: string | null
  recipe: string | null
  arms: { name: string; title: string }[]
  comparisons: ExperimentComparison[]
  seeds: number[]
  budgets: (number | null)[]
}

export interface ExperimentReport {
  schemaVersion: 1
  plan: ExperimentPlan
  data: { content: string; testImages: number } | null
  runs: { planned: number; there: number }
  budgets: BudgetResult[]
  compared: number
  resamples: number
  missing: { arm: string; seed: number; budget: number | null; why: string }[]
  specs: { arm: string; spec: Record<string, unknown> }[]
  environments: { runs: number; environment: Environment }[]
  notes: string[]
}

export interface ExperimentRequirementsInput {
  minSide?: number
  maxSide?: number
  labelsPerClass?: number
  unlabelledImages?: number
  testImages?: number
}

export interface ExperimentRequirements {
  minSide: number
  maxSide: number
  labelsPerClass: number
  unlabelledImages: number
  testImages: number
}

export interface ExperimentRun {
  arm: string
  seed: number
  budget: number | null
  jobId: string
  state: JobState
  progress: Progress | null
  modelId: string | null
  accuracy: number | null
  whyNoResult: string | null
}

export interface ExperimentRuns {
  schemaVersion: 1
  plan: ExperimentPlan
  runs: RunRecord[]
  withoutResult: { arm: string; seed: number; budget: number | null; why: string }[]
}

export interface ExperimentSummary {
  id: string
  name: string
  title: string
  datasetId: string
  versionId: string
  preset: PresetName | null
  scale: Scale | null
  state: 'running' | 'succeeded' | 'incomplete'
  runs: { total: number; succeeded: number; unfinished: number; withoutResult: number }
  createdAt: string
}

export type FailureCode = 'BAD_INPUT' | 'UNAUTHENTICATED' | 'FORBIDDEN' | 'NOT_FOUND' | 'CONFLICT' | 'IDEMPOTENCY_MISMATCH' | 'IN_USE' | 'LIMIT_REACHED' | 'RATE_LIMITED' | 'UPLOAD_INCOMPLETE' | 'UPLOAD_EXPIRED' | 'URL_REJECTED' | 'CHECKSUM_MISMATCH' | 'ARCHIVE_UNREADABLE' | 'ARCHIVE_UNSAFE' | 'DATASET_INVALID' | 'DATASET_TOO_LARGE' | 'LOSS_NOT_FINITE' | 'PRECISION_UNSUPPORTED' | 'OUT_OF_MEMORY' | 'TIME_LIMIT' | 'CANCELED' | 'ENGINE_MISSING' | 'GPU_UNUSABLE' | 'STORE_UNAVAILABLE' | 'DISK_FULL' | 'ARTIFACT_INVALID' | 'TRAINER_DIED' | 'TRAINER_STALLED' | 'LAUNCHER_UNAVAILABLE' | 'IMAGE_UNAVAILABLE' | 'UNAVAILABLE' | 'INTERNAL'

export interface FailureRecord {
  code: FailureCode
  message: string
  hint: string
  retryable: boolean
  issues: Issue[]
}

export interface FineTuneInput {
  from: string
  freeze?: 'all-but-head' | string[]
}

export interface FineTune {
  from: string
  freeze: 'all-but-head' | string[]
}

export interface GoldenFile {
  picture: Picture
  cases: { original: string; label: string; pixels: string; probabilities: number[] }[]
}

export interface Interval {
  low: number
  high: number
}

export interface Issue {
  path: string
  code: string
  message: string
  fix?: string
}

export type Job = PrepareJob | TrainJob | EvaluateJob

export interface JobEvent {
  jobId: string
  number: number
  attempt: number
  at: string
  event: TrainerEvent | LifecycleEvent
}

export type JobKind = 'prepare' | 'train' | 'evaluate'

export type JobState = 'queued' | 'starting' | 'running' | 'paused' | 'succeeded' | 'failed' | 'canceled' | 'timed_out'

export interface LabelsFile {
  classes: string[]
  picture: Picture
}

export type LifecycleEvent =
  | { type: 'queued'; position: number | null }
  | { type: 'state'; state: JobState; reason: string | null }
  | { type: 'retry'; failure: FailureRecord; attempt: number; of: number }
  | { type: 'finished'; state: JobState; modelId: string | null; versionId: string | null; failure: FailureRecord | null }

export interface LimitsInput {
  maxSeconds?: number
  maxAttempts?: number
}

export interface Limits {
  maxSeconds: number
  maxAttempts: number
}

export type MixName = 'none' | 'mixup' | 'cutmix'

export type MixOperationInput =
  | { op: 'none' }
  | { op: 'mixup'; alpha?: number; probability?: number }
  | { op: 'cutmix'; alpha?: number; probability?: number }

export type MixOperation =
  | { op: 'none' }
  | { op: 'mixup'; alpha: number; probability: number }
  | { op: 'cutmix'; alpha: number; probability: number }

export interface ModelSummary {
  id: string
  name: string
  jobId: string
  datasetId: string
  versionId: string
  network: 'resnet8' | 'resnet20' | 'resnet32' | 'resnet44' | 'resnet56' | 'resnet110' | 'resnet18' | 'wrn28-2' | 'wrn40-2' | 'wrn16-8' | 'wrn28-10' | 'conv-large' | 'vgg16-bn' | (string & {})
  layers: string[]
  origin: Origin | null
  mode: 'imclr' | 'baseline'
  classes: string[]
  picture: Picture
  parameters: number
  epochsTrained: number
  endedEarly: 'canceled' | 'time_limit' | null
  accuracy: number
  public: boolean
  bytes: number
  files: ArtifactFile[]
  createdAt: string
}

export interface NearDuplicate {
  train: string
  test: string
  distance: number
  split: 'train' | 'validation' | 'unlabelled'
}

export interface NetworkSummary {
  id: string
  name: string
  parameters: number
  multiplyAdds: number
  smallestSize: number
  normalisation: Normalisation | null
  licence: string | null
  weightsSha256: string
  layers: string[]
  notes: string[]
  bytes: number
  createdAt: string
}

export interface Normalisation {
  mean: [number, number, number]
  std: [number, number, number]
}

export interface Note {
  code: 'WRAPPING_FOLDER' | 'TAKEN_FOR_SPLIT' | 'TAKEN_FOR_CLASS' | 'VALIDATION_IS_TEST' | 'TEST_PART_UNLABELLED' | 'NESTED_FOLDERS' | 'TABLE_READ' | 'TABLE_PATHS' | 'FOLDERS_BESIDE_TABLE' | 'CLASSES_MERGED' | 'ENCODING' | 'IGNORED_LITTER' | 'IGNORED_DOCUMENT' | 'IGNORED_FOLDER' | 'IGNORED_BESIDE' | 'LINK_NOT_FOLLOWED' | 'FIRST_PAGE' | 'LINK_FOLLOWED' | 'RENAMED_UNICODE' | 'LABEL_TRIMMED' | 'RENAMED_BACKSLASH' | 'DIFFERS_BY_CASE' | 'LABELS_DIFFER_BY_FORM' | 'TAKEN_FOR_DUPLICATE' | 'DUPLICATE_KEPT' | 'SAME_PICTURE_TWO_LABELS' | 'NEAR_DUPLICATE' | 'ONE_COLOUR' | 'CUT_OFF' | 'SKIPPED'
  message: string
  count: number
  examples: string[]
}

export type OptimizerInput =
  | { kind: 'sgd'; momentum?: number; nesterov?: boolean }
  | { kind: 'adam'; beta1?: number; beta1End?: number | null; beta2?: number; epsilon?: number }
  | { kind: 'adamw'; beta1?: number; beta1End?: number | null; beta2?: number; epsilon?: number }

export type Optimizer =
  | { kind: 'sgd'; momentum: number; nesterov: boolean }
  | { kind: 'adam'; beta1: number; beta1End: number | null; beta2: number; epsilon: number }
  | { kind: 'adamw'; beta1: number; beta1End: number | null; beta2: number; epsilon: number }

export interface Origin {
  id: string
  name: string
  sha256: string
  frozen: string[]
  licence: string | null
}

export interface PageRequest {
  cursor?: string
  limit?: number
}

export interface PairedDifference {
  images: number
  first: number
  second: number
  difference: number
  interval: { low: number; high: number }
  resamples: number
  mcnemar: { onlyFirst: number; onlySecond: number; method: 'exact binomial' | 'chi-squared with continuity correction'; chiSquared: number | null; pValue: number }
}

export interface PerturbationBlock {
  table: '32' | '64' | '224'
  images: number
  total: number
  seed: number
  perturbations: PerturbationRow[]
  meanFlip: number
  reference: { modelId: string; name: string; mFR: number | null; perPerturbation: { perturbation: string; flipRate: number | null }[]; leftOut: string[]; samePictures: boolean } | null
}

export interface PerturbationRow {
  perturbation: string
  benchmark: boolean
  frames: number
  comparedWith: 'first' | 'previous'
  flipProbability: number
  parameters: Record<string, number>
}

export interface Picture {
  height: number
  width: number
  fit: 'crop' | 'letterbox' | 'stretch'
  kernel: 'lanczos3'
}

export interface PrepareJob {
  id: string
  projectId: string
  name: string | null
  state: JobState
  attempt: number
  limits: Limits
  estimate: Estimate | null
  progress: Progress | null
  cancelRequested: CancelMode | null
  failure: FailureRecord | null
  endedEarly: 'canceled' | 'time_limit' | null
  lastCheckpoint: { at: string; epoch: number; step: number } | null
  queuePosition: number | null
  waitingFor: string | null
  lastEvent: number
  createdAt: string
  startedAt: string | null
  finishedAt: string | null
  kind: 'prepare'
  datasetId: string
  uploadId: string
  options: PrepareOptions
  versionId: string | null
}

export interface PrepareOptionsInput {
  imageSize?: number | { height: number; width: number } | null
  fit?: 'crop' | 'letterbox' | 'stretch'
  testFraction?: number
  splitSeed?: number
  labels?: 'fine' | 'coarse'
  folders?: 'auto' | 'classes' | 'splits'
  encoding?: string | null
  onProblem?: 'refuse' | 'skip'
  nearDuplicates?: 'report' | 'refuse' | 'remove'
}

export interface PrepareOptions {
  imageSize: number | { height: number; width: number } | null
  fit: 'crop' | 'letterbox' | 'stretch'
  testFraction: number
  splitSeed: number
  labels: 'fine' | 'coarse'
  folders: 'auto' | 'classes' | 'splits'
  encoding: string | null
  onProblem: 'refuse' | 'skip'
  nearDuplicates: 'report' | 'refuse' | 'remove'
}

export type PresetName = 'tiny-imagenet' | 'cifar100' | 'cifar10' | 'stl10' | 'label-budget' | 'corruptions' | 'pi-model' | 'cutmix-cifar100' | 'cutmix-tiny-imagenet' | 'autoaugment'

export interface Progress {
  phase: 'queued' | 'pulling' | 'loading' | 'preparing' | 'training' | 'evaluating' | 'exporting' | 'verifying'
  done: number
  total: number
  unit: string
  epoch?: number
  epochs?: number
  imagesPerSecond?: number
  secondsLeft: number | null
}

export interface Project {
  id: string
  name: string
  createdAt: string
}

export interface RampInput {
  epochs: number
  shape?: 'linear' | 'gaussian'
}

export interface Ramp {
  epochs: number
  shape: 'linear' | 'gaussian'
}

export interface ReferenceComparison {
  modelId: string
  name: string
  mCE: number | null
  relativeMCE: number | null
  perCorruption: { corruption: string; ce: number | null; relativeCE: number | null }[]
  leftOut: { mCE: string[]; relativeMCE: string[] }
  samePictures: boolean
}

export interface ReliabilityBin {
  low: number
  high: number
  images: number
  accuracy: number | null
  confidence: number | null
}

export interface Report {
  schemaVersion: 1
  model: ReportedModel
  dataset: { versionId: string; name: string | null; classes: string[]; imageSize: { height: number; width: number }; counts: { train: number; test: number; unlabelled: number }; testPerClass: number[]; testWasGiven: boolean }
  evaluated: { images: number; total: number }
  clean: CleanMetrics
  corruption: CorruptionBlock | null
  perturbation: PerturbationBlock | null
  calibration: { clean: Calibration; corrupted: Calibration | null; perSeverity: { severity: number; images: number; ece: number }[] }
  rawWeights: { images: number; correct: number; accuracy: number; interval: Interval } | null
  training: { epochs: EpochRecord[]; validation: ValidationBlock | null; unlabelled: UnlabelledBlock | null }
  notes: string[]
  notMeasured: string[]
  environment: Environment
}

export interface ReportedModel {
  name: string
  mode: 'imclr' | 'baseline'
  testInput: TestInput
  network: string
  networkTitle: string | null
  parameters: number
  epochsTrained: number
  trainImages: number
  seed: number
  precision: string
  endedEarly: string | null
}

export interface RunRecord {
  schemaVersion: 1
  experiment: string
  arm: string
  seed: number
  budget: number | null
  spec: Record<string, unknown>
  content: string
  testImages: number
  correct: string
  accuracy: number
  corrupted: { seed: number; table: string; frost: string; rows: string; wrong: string; counted: number; cells: { corruption: string; severity: number; benchmark: boolean; error: number }[] } | null
  parameters: number
  epochs: number
  steps: number
  seconds: number
  environment: Environment
}

export type Scale = 'paper' | 'medium' | 'small'

export type ScheduleInput =
  | { kind: 'constant' }
  | { kind: 'linear' }
  | { kind: 'cosine' }
  | { kind: 'cosine-7-16' }
  | { kind: 'step'; milestones?: number[]; factor?: number }

export type Schedule =
  | { kind: 'constant' }
  | { kind: 'linear' }
  | { kind: 'cosine' }
  | { kind: 'cosine-7-16' }
  | { kind: 'step'; milestones: number[]; factor: number }

export type Scope = 'read' | 'write' | 'keys' | 'instance'

export type SemiSupervisedInput =
  | { method: 'pi-model'; weight?: number; target?: 'detached' | 'attached'; batch?: 'apart' | 'joint'; stackUnlabelled?: boolean; from?: ('unlabelled' | 'left-over' | 'labelled')[]; ratio?: number; rampUp?: { fraction?: number; shape?: 'linear' | 'gaussian' } | null }
  | { method: 'mean-teacher'; weight?: number; stackUnlabelled?: boolean; from?: ('unlabelled' | 'left-over' | 'labelled')[]; ratio?: number; rampUp?: { fraction?: number; shape?: 'linear' | 'gaussian' } | null }
  | { method: 'pseudo-label'; weight?: number; threshold?: number; from?: ('unlabelled' | 'left-over' | 'labelled')[]; ratio?: number; rampUp?: { fraction?: number; shape?: 'linear' | 'gaussian' } | null }

export type SemiSupervised =
  | { method: 'pi-model'; weight: number; target: 'detached' | 'attached'; batch: 'apart' | 'joint'; stackUnlabelled: boolean; from: ('unlabelled' | 'left-over' | 'labelled')[]; ratio: number; rampUp: { fraction: number; shape: 'linear' | 'gaussian' } | null }
  | { method: 'mean-teacher'; weight: number; stackUnlabelled: boolean; from: ('unlabelled' | 'left-over' | 'labelled')[]; ratio: number; rampUp: { fraction: number; shape: 'linear' | 'gaussian' } | null }
  | { method: 'pseudo-label'; weight: number; threshold: number; from: ('unlabelled' | 'left-over' | 'labelled')[]; ratio: number; rampUp: { fraction: number; shape: 'linear' | 'gaussian' } | null }

export interface SignedPart {
  partNumber: number
  url: string
  headers: Record<string, string>
}

export interface SpecOverrides {
  mode?: 'imclr' | 'baseline'
  network?: 'resnet8' | 'resnet20' | 'resnet32' | 'resnet44' | 'resnet56' | 'resnet110' | 'resnet18' | 'wrn28-2' | 'wrn40-2' | 'wrn16-8' | 'wrn28-10' | 'conv-large' | 'vgg16-bn' | (string & {})
  fineTune?: FineTuneInput | null
  epochs?: number
  batchSize?: number
  learningRate?: number
  schedule?: ScheduleInput
  rampUp?: RampInput | null
  rampDown?: RampInput | null
  optimizer?: OptimizerInput
  weightDecay?: number
  decay?: 'all' | 'kernels'
  clipNorm?: number | null
  labelSmoothing?: number
  emaDecay?: number | null
  augment?: (AugmentName | AugmentOperationInput)[]
  mix?: MixName | MixOperationInput
  stacking?: StackingInput
  semiSupervised?: SemiSupervisedInput | null
  sampling?: 'natural' | 'balanced' | 'class-weighted'
  trainImages?: number | null
  validation?: 'given' | { part?: 'given'; fraction?: number; images?: number; patience?: number | null } | null
  subsetSeed?: number
  seed?: number
  precision?: 'float32' | 'bfloat16'
  execution?: 'graph' | 'eager'
  evaluation?: EvaluationSpecInput
  limits?: LimitsInput
}

export interface SplitManifest {
  count: number
  perClass: number[]
  shards: { path: string; bytes: number; sha256: string; count: number }[]
  labels: { path: string; bytes: number; sha256: string } | null
}

export interface StackingInput {
  images?: number
  axis?: 'height' | 'width' | 'random'
  positions?: 'fixed' | 'random'
  probability?: number
  order?: 'mix-first' | 'stack-first'
  pairing?: 'permutation' | 'derangement' | 'independent' | 'same-class' | 'different-class'
  testInput?: TestInput
}

export interface Stacking {
  images: number
  axis: 'height' | 'width' | 'random'
  positions: 'fixed' | 'random'
  probability: number
  order: 'mix-first' | 'stack-first'
  pairing: 'permutation' | 'derangement' | 'independent' | 'same-class' | 'different-class'
  testInput: TestInput
}

export type TestInput = 'self' | 'single' | 'self-mirror'

export interface TrainJob {
  id: string
  projectId: string
  name: string | null
  state: JobState
  attempt: number
  limits: Limits
  estimate: Estimate | null
  progress: Progress | null
  cancelRequested: CancelMode | null
  failure: FailureRecord | null
  endedEarly: 'canceled' | 'time_limit' | null
  lastCheckpoint: { at: string; epoch: number; step: number } | null
  queuePosition: number | null
  waitingFor: string | null
  lastEvent: number
  createdAt: string
  startedAt: string | null
  finishedAt: string | null
  kind: 'train'
  datasetId: string
  versionId: string
  spec: TrainingSpec
  modelId: string | null
}

export interface TrainRequest {
  versionId: string
  name?: string
  spec?: TrainingSpecInput
}

export type TrainerEvent =
  | { type: 'started'; engine: string; device: string; gpu?: string; driver?: string; cuda?: string; computeCapability?: string; execution: string; precision: string; resumedFrom: { epoch: number; step: number } | null; once?: string }
  | { type: 'progress'; phase: 'queued' | 'pulling' | 'loading' | 'preparing' | 'training' | 'evaluating' | 'exporting' | 'verifying'; done: number; total: number; unit: string; epoch?: number; epochs?: number; imagesPerSecond?: number; secondsLeft: number | null; once?: string }
  | { type: 'epoch'; epoch: number; loss: number; labelEntropy: number; learningRate: number; steps: number; seconds: number; imagesPerSecond: number; validation?: { accuracy: number; loss: number }; unlabelled?: { term: number; weighted: number; weight: number; ramp: number; counted: number }; once?: string }
  | { type: 'checkpoint'; key: string; epoch: number; step: number; bytes: number; sha256: string; once?: string }
  | { type: 'evaluated'; accuracy: number; low: number; high: number; images: number; corruptionError: number | null; corruptionImages: number; rawAccuracy?: number; once?: string }
  | { type: 'log'; level: 'info' | 'warn' | 'error'; message: string; once?: string }
  | { type: 'noted'; notes: Note[]; once?: string }
  | { type: 'output'; manifestKey: string; manifestSha256: string; endedEarly: 'stopped' | null; once?: string }
  | { type: 'failed'; failure: FailureRecord; once?: string }

export interface TrainingSpecInput {
  mode?: 'imclr' | 'baseline'
  network?: 'resnet8' | 'resnet20' | 'resnet32' | 'resnet44' | 'resnet56' | 'resnet110' | 'resnet18' | 'wrn28-2' | 'wrn40-2' | 'wrn16-8' | 'wrn28-10' | 'conv-large' | 'vgg16-bn' | (string & {})
  fineTune?: FineTuneInput | null
  epochs?: number
  batchSize?: number
  learningRate?: number
  schedule?: ScheduleInput
  rampUp?: RampInput | null
  rampDown?: RampInput | null
  optimizer?: OptimizerInput
  weightDecay?: number
  decay?: 'all' | 'kernels'
  clipNorm?: number | null
  labelSmoothing?: number
  emaDecay?: number | null
  augment?: (AugmentName | AugmentOperationInput)[]
  mix?: MixName | MixOperationInput
  stacking?: StackingInput
  semiSupervised?: SemiSupervisedInput | null
  sampling?: 'natural' | 'balanced' | 'class-weighted'
  trainImages?: number | null
  validation?: 'given' | { part?: 'given'; fraction?: number; images?: number; patience?: number | null } | null
  subsetSeed?: number
  seed?: number
  precision?: 'float32' | 'bfloat16'
  execution?: 'graph' | 'eager'
  evaluation?: EvaluationSpecInput
  limits?: LimitsInput
}

export interface TrainingSpec {
  mode: 'imclr' | 'baseline'
  network: 'resnet8' | 'resnet20' | 'resnet32' | 'resnet44' | 'resnet56' | 'resnet110' | 'resnet18' | 'wrn28-2' | 'wrn40-2' | 'wrn16-8' | 'wrn28-10' | 'conv-large' | 'vgg16-bn' | (string & {})
  fineTune: FineTune | null
  epochs: number
  batchSize: number
  learningRate: number
  schedule: Schedule
  rampUp: Ramp | null
  rampDown: Ramp | null
  optimizer: Optimizer
  weightDecay: number
  decay: 'all' | 'kernels'
  clipNorm: number | null
  labelSmoothing: number
  emaDecay: number | null
  augment: AugmentOperation[]
  mix: MixOperation
  stacking: Stacking
  semiSupervised: SemiSupervised | null
  sampling: 'natural' | 'balanced' | 'class-weighted'
  trainImages: number | null
  validation: 'given' | { part?: 'given'; fraction?: number; images?: number; patience: number | null } | null
  subsetSeed: number
  seed: number
  precision: 'float32' | 'bfloat16'
  execution: 'graph' | 'eager'
  evaluation: EvaluationSpec
  limits: Limits
}

export interface UnlabelledBlock {
  method: string
  images: number
  sources: Record<string, number>
  positionsSha256: string
}

export interface Upload {
  id: string
  datasetName: string
  bytes: number
  partBytes: number
  partCount: number
  state: 'open' | 'completed' | 'aborted'
  expiresAt: string
}

export interface UploadPart {
  partNumber: number
  sha256: string
}

export interface ValidationBlock {
  images: number
  source: 'held-back' | 'given'
  positionsSha256: string
  epoch: number
  accuracy: number
  loss: number
}

export interface VersionSummary {
  id: string
  datasetId: string
  classes: string[]
  picture: Picture
  counts: { train: number; validation: number; test: number; unlabelled: number }
  perClass: { train: number[]; validation: number[]; test: number[] }
  format: string
  testWasGiven: boolean
  removedDuplicateCount: number
  nearDuplicateCount: number
  skippedCount: number
  notes: Note[]
  bytes: number
  createdAt: string
}

export type DatasetAbortUploadRequest = { uploadId: string }
export type DatasetCompleteUploadRequest = { uploadId: string; parts: UploadPart[]; options?: PrepareOptionsInput }
export type DatasetCompleteUploadAnswer = { datasetId: string; job: PrepareJob }
export type DatasetContactSheetUrlRequest = { versionId: string }
export type DatasetContactSheetUrlAnswer = { url: string; expiresAt: string }
export type DatasetCorruptionPreviewUrlRequest = { versionId: string }
export type DatasetCorruptionPreviewUrlAnswer = { url: string; expiresAt: string }
export type DatasetDeleteRequest = { datasetId: string }
export type DatasetDeleteAnswer = { datasetId: string }
export type DatasetDeleteVersionRequest = { versionId: string }
export type DatasetDeleteVersionAnswer = { versionId: string }
export type DatasetGetRequest = { datasetId: string }
export type DatasetGetUploadRequest = { uploadId: string }
export type DatasetGetVersionRequest = { versionId: string }
export type DatasetListAnswer = { items: DatasetSummary[]; nextCursor: string | null }
export type DatasetListPartsRequest = { uploadId: string }
export type DatasetListPartsAnswer = { parts: { partNumber: number; sha256: string | null; bytes: number }[] }
export type DatasetListVersionsRequest = { cursor?: string; limit?: number; datasetId: string }
export type DatasetListVersionsAnswer = { items: VersionSummary[]; nextCursor: string | null }
export type DatasetSignPartsRequest = { uploadId: string; parts: UploadPart[] }
export type DatasetSignPartsAnswer = { parts: SignedPart[]; expiresAt: string }
export type DatasetVersionManifestRequest = { versionId: string }
export type ExperimentCancelRequest = { experimentId: string }
export type ExperimentDeleteRequest = { experimentId: string; runs?: 'keep' | 'delete' }
export type ExperimentDeleteAnswer = { experimentId: string }
export type ExperimentGetRequest = { experimentId: string }
export type ExperimentListAnswer = { items: ExperimentSummary[]; nextCursor: string | null }
export type ExperimentPageRequest = { experimentId: string }
export type ExperimentPageAnswer = { html: string }
export type ExperimentPresetsAnswer = { presets: { name: PresetName; title: string; claim: string; arms: string[]; scales: { scale: Scale; recipe: string; runs: number; seeds: number[]; budgets: (number | null)[]; requires: ExperimentRequirements }[] }[] }
export type ExperimentReportRequest = { experimentId: string }
export type ExperimentRunsRequest = { experimentId: string }
export type JobCancelRequest = { jobId: string; mode?: CancelMode }
export type JobCompareEvaluationsRequest = { a: string; b: string }
export type JobCompareEvaluationsAnswer = { a: EvaluationSummary; b: EvaluationSummary; clean: PairedDifference | null; corruption: { images: number; cells: number; first: number; second: number; difference: number; interval: { low: number; high: number }; perCorruption: { corruption: string; benchmark: boolean; first: number; second: number; difference: number }[] } | null; whyNoCorruption: string | null }
export type JobDeleteRequest = { jobId: string }
export type JobDeleteAnswer = { jobId: string }
export type JobEvaluationRequest = { jobId: string }
export type JobEventsRequest = { jobId: string; after?: number; follow?: boolean }
export type JobGetRequest = { jobId: string }
export type JobListRequest = { cursor?: string; limit?: number; state?: JobState; kind?: JobKind; datasetId?: string; versionId?: string }
export type JobListAnswer = { items: Job[]; nextCursor: string | null }
export type KeyCreateRequest = { name: string; scopes?: Scope[]; expiresInDays?: number | null }
export type KeyCreateAnswer = { key: ApiKeySummary; secret: string }
export type KeyListAnswer = { items: ApiKeySummary[]; nextCursor: string | null }
export type KeyRevokeRequest = { keyId: string }
export type ModelCompareRequest = { a: string; b: string }
export type ModelCompareAnswer = { a: ModelSummary; b: ModelSummary; clean: PairedDifference; corruption: { images: number; cells: number; first: number; second: number; difference: number; interval: { low: number; high: number }; perCorruption: { corruption: string; benchmark: boolean; first: number; second: number; difference: number }[] } | null; whyNoCorruption: string | null }
export type ModelDeleteRequest = { modelId: string }
export type ModelDeleteAnswer = { modelId: string }
export type ModelGetRequest = { modelId: string }
export type ModelListRequest = { cursor?: string; limit?: number; datasetId?: string; versionId?: string }
export type ModelListAnswer = { items: ModelSummary[]; nextCursor: string | null }
export type ModelSetPublicRequest = { modelId: string; public: boolean }
export type ModelUrlRequest = { modelId: string; expiresInSeconds?: number }
export type ModelUrlAnswer = { url: string; base: string; token: string | null; expiresAt: string | null }
export type NetworkDeleteRequest = { networkId: string }
export type NetworkDeleteAnswer = { networkId: string }
export type NetworkGetRequest = { networkId: string }
export type NetworkListAnswer = { items: NetworkSummary[]; nextCursor: string | null }
export type ProjectCreateRequest = { name: string }
export type ProjectCreateAnswer = { project: Project; key: ApiKeySummary; secret: string }
export type ProjectListAnswer = { items: Project[]; nextCursor: string | null }
export type SystemInfoAnswer = { service: 'imclr'; version: string; limits: { maxUploadBytes: number; partBytes: number; maxParts: number; uploadHours: number; requestsPerMinute: number; batchSize: number; eventStreamSeconds: number }; networks: { name: 'resnet8' | 'resnet20' | 'resnet32' | 'resnet44' | 'resnet56' | 'resnet110' | 'resnet18' | 'wrn28-2' | 'wrn40-2' | 'wrn16-8' | 'wrn28-10' | 'conv-large' | 'vgg16-bn'; title: string; smallestSize: number; parameters: number; multiplyAdds: number; source: string }[] }

/** Every procedure of the service. */
export interface Api {
  dataset: {
    abortUpload(input: DatasetAbortUploadRequest, options?: CallOptions): Promise<Upload>
    completeUpload(input: DatasetCompleteUploadRequest, options?: CallOptions): Promise<DatasetCompleteUploadAnswer>
    contactSheetUrl(input: DatasetContactSheetUrlRequest, options?: CallOptions): Promise<DatasetContactSheetUrlAnswer>
    corruptionPreviewUrl(input: DatasetCorruptionPreviewUrlRequest, options?: CallOptions): Promise<DatasetCorruptionPreviewUrlAnswer>
    createUpload(input: CreateUploadRequest, options?: CallOptions): Promise<Upload>
    delete(input: DatasetDeleteRequest, options?: CallOptions): Promise<DatasetDeleteAnswer>
    deleteVersion(input: DatasetDeleteVersionRequest, options?: CallOptions): Promise<DatasetDeleteVersionAnswer>
    get(input: DatasetGetRequest, options?: CallOptions): Promise<DatasetSummary>
    getUpload(input: DatasetGetUploadRequest, options?: CallOptions): Promise<Upload>
    getVersion(input: DatasetGetVersionRequest, options?: CallOptions): Promise<VersionSummary>
    list(input?: PageRequest, options?: CallOptions): Promise<DatasetListAnswer>
    listParts(input: DatasetListPartsRequest, options?: CallOptions): Promise<DatasetListPartsAnswer>
    listVersions(input: DatasetListVersionsRequest, options?: CallOptions): Promise<DatasetListVersionsAnswer>
    signParts(input: DatasetSignPartsRequest, options?: CallOptions): Promise<DatasetSignPartsAnswer>
    versionManifest(input: DatasetVersionManifestRequest, options?: CallOptions): Promise<DatasetManifest>
  }
  experiment: {
    cancel(input: ExperimentCancelRequest, options?: CallOptions): Promise<Experiment>
    create(input: CreateExperimentRequest, options?: CallOptions): Promise<Experiment>
    delete(input: ExperimentDeleteRequest, options?: CallOptions): Promise<ExperimentDeleteAnswer>
    get(input: ExperimentGetRequest, options?: CallOptions): Promise<Experiment>
    list(input?: PageRequest, options?: CallOptions): Promise<ExperimentListAnswer>
    page(input: ExperimentPageRequest, options?: CallOptions): Promise<ExperimentPageAnswer>
    presets(input?: Record<string, never>, options?: CallOptions): Promise<ExperimentPresetsAnswer>
    report(input: ExperimentReportRequest, options?: CallOptions): Promise<ExperimentReport>
    runs(input: ExperimentRunsRequest, options?: CallOptions): Promise<ExperimentRuns>
  }
  job: {
    cancel(input: JobCancelRequest, options?: CallOptions): Promise<Job>
    compareEvaluations(input: JobCompareEvaluationsRequest, options?: CallOptions): Promise<JobCompareEvaluationsAnswer>
    delete(input: JobDeleteRequest, options?: CallOptions): Promise<JobDeleteAnswer>
    evaluate(input: EvaluateRequest, options?: CallOptions): Promise<EvaluateJob>
    evaluation(input: JobEvaluationRequest, options?: CallOptions): Promise<EvaluationSummary>
    events(input: JobEventsRequest, options?: CallOptions): Promise<AsyncIterable<JobEvent>>
    get(input: JobGetRequest, options?: CallOptions): Promise<Job>
    list(input?: JobListRequest, options?: CallOptions): Promise<JobListAnswer>
    submit(input: TrainRequest, options?: CallOptions): Promise<TrainJob>
  }
  key: {
    create(input: KeyCreateRequest, options?: CallOptions): Promise<KeyCreateAnswer>
    list(input?: PageRequest, options?: CallOptions): Promise<KeyListAnswer>
    revoke(input: KeyRevokeRequest, options?: CallOptions): Promise<ApiKeySummary>
  }
  model: {
    compare(input: ModelCompareRequest, options?: CallOptions): Promise<ModelCompareAnswer>
    delete(input: ModelDeleteRequest, options?: CallOptions): Promise<ModelDeleteAnswer>
    get(input: ModelGetRequest, options?: CallOptions): Promise<ModelSummary>
    list(input?: ModelListRequest, options?: CallOptions): Promise<ModelListAnswer>
    setPublic(input: ModelSetPublicRequest, options?: CallOptions): Promise<ModelSummary>
    url(input: ModelUrlRequest, options?: CallOptions): Promise<ModelUrlAnswer>
  }
  network: {
    create(input: CreateNetworkRequest, options?: CallOptions): Promise<NetworkSummary>
    delete(input: NetworkDeleteRequest, options?: CallOptions): Promise<NetworkDeleteAnswer>
    get(input: NetworkGetRequest, options?: CallOptions): Promise<NetworkSummary>
    list(input?: PageRequest, options?: CallOptions): Promise<NetworkListAnswer>
  }
  project: {
    create(input: ProjectCreateRequest, options?: CallOptions): Promise<ProjectCreateAnswer>
    current(input?: Record<string, never>, options?: CallOptions): Promise<Project>
    list(input?: PageRequest, options?: CallOptions): Promise<ProjectListAnswer>
  }
  system: {
    catalogue(input?: Record<string, never>, options?: CallOptions): Promise<CatalogueEntry[]>
    info(input?: Record<string, never>, options?: CallOptions): Promise<SystemInfoAnswer>
  }
}

export const noteKinds = {
  WRAPPING_FOLDER: "looked through a folder around everything",
  TAKEN_FOR_SPLIT: "taken for parts of the data set, not for classes",
  TAKEN_FOR_CLASS: "taken for classes, although their names are those of parts of a data set",
  VALIDATION_IS_TEST: "the validation part is the test part, as there is no other",
  TEST_PART_UNLABELLED: "test pictures without labels became unlabelled ones",
  NESTED_FOLDERS: "folders inside of a class folder belong to that class",
  TABLE_READ: "how the table was read",
  TABLE_PATHS: "paths in the table that were matched with a file by their end",
  FOLDERS_BESIDE_TABLE: "a table names the classes; the folders of the pictures have no part in it",
  CLASSES_MERGED: "class names that stand several times in the list of classes became one class",
  ENCODING: "names or texts that are not UTF-8 were read by the encoding given",
  IGNORED_LITTER: "hidden files and what systems leave behind were ignored",
  IGNORED_DOCUMENT: "files that are no pictures were ignored",
  IGNORED_FOLDER: "folders without pictures were ignored",
  IGNORED_BESIDE: "files beside those that hold the data set were ignored",
  LINK_NOT_FOLLOWED: "links that were not followed",
  FIRST_PAGE: "of files with several pages or frames, the first was taken",
  LINK_FOLLOWED: "links were followed: what they point to was taken in their place",
  RENAMED_UNICODE: "names were brought to composed Unicode (NFC)",
  LABEL_TRIMMED: "space around labels in a table was left out",
  RENAMED_BACKSLASH: "backslashes in names were taken for the slashes between folders",
  DIFFERS_BY_CASE: "names that differ by capital and small letters alone are kept apart",
  LABELS_DIFFER_BY_FORM: "labels that differ by case, space or Unicode form alone are kept apart",
  TAKEN_FOR_DUPLICATE: "exact copies of test pictures were taken out of the other parts",
  DUPLICATE_KEPT: "exact copies within one part were kept",
  SAME_PICTURE_TWO_LABELS: "the same picture stands under two labels",
  NEAR_DUPLICATE: "pictures look nearly like a test picture",
  ONE_COLOUR: "pictures are nearly one colour",
  CUT_OFF: "pictures seem to be cut off: their lower part is one gray",
  SKIPPED: "files that cannot be used were left out, as asked (see skipped)",
} as const

export const procedures = {
  'dataset.abortUpload': { kind: 'mutation' },
  'dataset.completeUpload': { kind: 'mutation' },
  'dataset.contactSheetUrl': { kind: 'query' },
  'dataset.corruptionPreviewUrl': { kind: 'query' },
  'dataset.createUpload': { kind: 'mutation' },
  'dataset.delete': { kind: 'mutation' },
  'dataset.deleteVersion': { kind: 'mutation' },
  'dataset.get': { kind: 'query' },
  'dataset.getUpload': { kind: 'query' },
  'dataset.getVersion': { kind: 'query' },
  'dataset.list': { kind: 'query' },
  'dataset.listParts': { kind: 'query' },
  'dataset.listVersions': { kind: 'query' },
  'dataset.signParts': { kind: 'mutation' },
  'dataset.versionManifest': { kind: 'query' },
  'experiment.cancel': { kind: 'mutation' },
  'experiment.create': { kind: 'mutation' },
  'experiment.delete': { kind: 'mutation' },
  'experiment.get': { kind: 'query' },
  'experiment.list': { kind: 'query' },
  'experiment.page': { kind: 'query' },
  'experiment.presets': { kind: 'query' },
  'experiment.report': { kind: 'query' },
  'experiment.runs': { kind: 'query' },
  'job.cancel': { kind: 'mutation' },
  'job.compareEvaluations': { kind: 'query' },
  'job.delete': { kind: 'mutation' },
  'job.evaluate': { kind: 'mutation' },
  'job.evaluation': { kind: 'query' },
  'job.events': { kind: 'query', stream: true },
  'job.get': { kind: 'query' },
  'job.list': { kind: 'query' },
  'job.submit': { kind: 'mutation' },
  'key.create': { kind: 'mutation' },
  'key.list': { kind: 'query' },
  'key.revoke': { kind: 'mutation' },
  'model.compare': { kind: 'query' },
  'model.delete': { kind: 'mutation' },
  'model.get': { kind: 'query' },
  'model.list': { kind: 'query' },
  'model.setPublic': { kind: 'mutation' },
  'model.url': { kind: 'query' },
  'network.create': { kind: 'mutation' },
  'network.delete': { kind: 'mutation' },
  'network.get': { kind: 'query' },
  'network.list': { kind: 'query' },
  'project.create': { kind: 'mutation' },
  'project.current': { kind: 'query' },
  'project.list': { kind: 'query' },
  'system.catalogue': { kind: 'query' },
  'system.info': { kind: 'query' },
} as const

export type ProcedureName = keyof typeof procedures

/** Makes the client out of one function that calls a procedure by its name. */
export function buildApi(call: (name: ProcedureName, input: unknown, options?: CallOptions) => Promise<unknown>): Api {
  const api: Record<string, Record<string, unknown>> = {}
  for (const name of Object.keys(procedures) as ProcedureName[]) {
    const [domain, verb] = name.split('.') as [string, string]
    ;(api[domain] ??= {})[verb] = (input: unknown, options?: CallOptions) => call(name, input, options)
  }
  return api as unknown as Api
}
