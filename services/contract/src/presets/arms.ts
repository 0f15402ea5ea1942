/** The two arms of every claim: they differ in the stacking alone. */
export const baselineArm = { name: 'baseline', title: 'Baseline', spec: { mode: 'baseline' } } as const
export const imclrArm = { name: 'imclr', title: 'ImCLR', spec: { mode: 'imclr' } } as const
