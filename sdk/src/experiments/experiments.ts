import type { Connection } from '../connection/connect.js'
import type { CreateExperimentRequest } from '../generated/api.js'
import { getExperiment, runExperiment, type Experiment, type ExperimentOptions } from './experiment.js'

/** The client's verbs for experiments. */
export const experiments = (connection: Connection) => ({
  experiments: {
    /**
     * Runs a preset, or arms x seeds x budgets of your own:
     * `sdk.experiments.run('label-budget', { scale: 'small', dataset })`. Resolves when the runs are queued. The same
     * definition on the same data is the same experiment: it trains only runs that failed, were canceled or are new.
     */
    run(experiment: CreateExperimentRequest['experiment'], options: ExperimentOptions): Promise<Experiment> {
      return runExperiment(connection, experiment, options)
    },

    /** Finds an experiment that was started before. */
    get(experimentId: string): Promise<Experiment> {
      return getExperiment(connection, experimentId)
    },
  },
})
