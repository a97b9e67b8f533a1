/** Answers what a node points at. */
export type Edges = (node: string) => Iterable<string>;

/** Whether `goal` can be reached from `start` over one edge or more. */
export function reaches(start: string, goal: string, edges: Edges): boolean {
  const seen = new Set<string>();
  const waiting = [...edges(start)];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node === goal) return true;
    if (seen.has(node)) continue;
    seen.add(node);
    waiting.push(...edges(node));
  }
  return false;
}

/** The groups of nodes that reach one another (strongly connected, or pointing at themselves), each sorted; Tarjan's algorithm without recursion. */
export function cycles(nodes: Iterable<string>, edges: Edges): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const found: string[][] = [];
  for (const root of nodes) {
    if (order.has(root)) continue;
    const frames: { node: string; rest: Iterator<string> }[] = [];
    const enter = (node: string): void => {
      order.set(node, order.size);
      low.set(node, order.get(node) ?? 0);
      stack.push(node);
      onStack.add(node);
      frames.push({ node, rest: edges(node)[Symbol.iterator]() });
    };
    enter(root);
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      const next = frame.rest.next();
      if (!next.done) {
        if (!order.has(next.value)) enter(next.value);
        else if (onStack.has(next.value)) lower(low, frame.node, order.get(next.value) ?? 0);
        continue;
      }
      frames.pop();
      const above = frames.at(-1);
      if (above) lower(low, above.node, low.get(frame.node) ?? 0);
      if (low.get(frame.node) === order.get(frame.node)) {
        const group = stack.splice(stack.lastIndexOf(frame.node));
        for (const node of group) onStack.delete(node);
        if (group.length > 1 || [...edges(frame.node)].includes(frame.node)) found.push(group.sort());
      }
    }
  }
  return found.sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1));
}

function lower(low: Map<string, number>, node: string, value: number): void {
  if (value < (low.get(node) ?? Infinity)) low.set(node, value);
}
