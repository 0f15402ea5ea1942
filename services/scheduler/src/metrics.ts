import { Counter, Gauge, Histogram, Registry } from 'prom-client'

export interface Metrics {
  /** Trainers at work, preparations included. */
  running: Gauge
  slots: Gauge
  /** Jobs that ended, by kind and state. */
  finished: Counter<'kind' | 'state'>
  /** Attempts that are tried again, by failure. */
  retries: Counter<'code'>
  /** Running time of a job over all attempts, without waiting. */
  seconds: Histogram<'kind' | 'state'>
  /** When records and trainers were last compared: an old time shows a scheduler that hangs. */
  reconciled: Gauge
  registry: Registry
}

/** Makes the metrics in a registry of their own, so that standalone can show it beside the API's. */
export function makeMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  return {
    running: new Gauge({
      name: 'imclr_scheduler_trainers',
      help: 'Trainers at work, preparations included',
      registers,
    }),
    slots: new Gauge({
      name: 'imclr_scheduler_slots',
      help: 'Trainings and evaluations that may be at work at once',
      registers,
    }),
    finished: new Counter({
      name: 'imclr_scheduler_jobs_finished_total',
      help: 'Jobs that ended',
      labelNames: ['kind', 'state'],
      registers,
    }),
    retries: new Counter({
      name: 'imclr_scheduler_retries_total',
      help: 'Attempts that are tried again',
      labelNames: ['code'],
      registers,
    }),
    seconds: new Histogram({
      name: 'imclr_scheduler_job_seconds',
      help: 'Running time of jobs over all attempts',
      labelNames: ['kind', 'state'],
      buckets: [10, 60, 300, 1800, 7200, 28_800, 86_400],
      registers,
    }),
    reconciled: new Gauge({
      name: 'imclr_scheduler_reconciled_timestamp_seconds',
      help: 'When records and trainers were last compared',
      registers,
    }),
    registry,
  }
}
