/** A layer as it stands in a file, with the names of those that it takes. */
export interface Entry {
  className: string
  name: string
  inputs: string[]
  config: Record<string, unknown>
}

/** The layers of a model, each once, from its one input to its one output. */
export interface Graph {
  entries: Entry[]
  input: string
  output: string
}

export const modelClasses: readonly string[] = ['Sequential', 'Model', 'Functional']

/** Models within models within models: more is no network that somebody made. */
export const maxDepth = 8

/**
 * Puts the layers of models within a model (as Teachable Machine makes them) into the model itself: what took the inner model takes its last
 * layer, and what took the inner input takes what the inner model took. Names stay, since weights are found by them.
 *
 * @param open reads the layers of an inner model, which lies so deep; throws where it cannot
 */
export function flatten(graph: Graph, open: (entry: Entry, depth: number) => Graph, depth = 1): Graph {
  const inner = graph.entries.filter(({ className }) => modelClasses.includes(className))
  if (inner.length === 0) return graph
  const standsFor = new Map<string, string>()
  const entries: Entry[] = []
  for (const entry of graph.entries) {
    if (!inner.includes(entry)) {
      entries.push(entry)
      continue
    }
    const opened = flatten(open(entry, depth), open, depth + 1)
    standsFor.set(entry.name, opened.output)
    standsFor.set(opened.input, entry.inputs[0]!)
    entries.push(...opened.entries.filter(({ name }) => name !== opened.input))
  }
  const meant = (name: string): string => {
    let found = name
    for (let steps = 0; standsFor.has(found) && steps <= standsFor.size; steps++) found = standsFor.get(found)!
    return found
  }
  return { entries: entries.map((entry) => ({ ...entry, inputs: entry.inputs.map(meant) })), input: graph.input, output: meant(graph.output) }
}
