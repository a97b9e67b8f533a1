/** A bead as a line of somebody's file has it. */
export type Line = Readonly<Record<string, any>>; // it may hold anything

interface Edge {
  readonly type: string;
  readonly target: string;
  readonly anyChild: boolean;
}

const noWork: readonly unknown[] = ['merge-request', 'gate', 'molecule', 'message', 'agent', 'role', 'rig', 'convoy', 'event'];

function edgesIn(line: Line): Edge[] {
  return ((line['dependencies'] ?? []) as Line[]).map((edge) => ({
    type: String(edge['type']).replaceAll('_', '-'),
    target: String(edge['depends_on_id']),
    anyChild: (typeof edge['metadata'] === 'string' && edge['metadata'] !== '' ? JSON.parse(edge['metadata']) : edge['metadata'])?.gate === 'any-children',
  }));
}

/** The ids that can be started at a time, sorted: the rules of beads told over the lines of a file alone, sharing nothing with what is tested. */
export function readyIn(lines: readonly Line[], now: number): string[] {
  const byId = new Map(lines.filter(({ status }) => status !== 'tombstone').map((line): [string, Line] => [line['id'], line]));
  const over = ({ status }: Line): boolean => status === 'closed' || status === 'pinned';
  const later = (line: Line): boolean => Date.parse(line['defer_until'] ?? '') > now;
  const childrenOf = (id: string): Line[] => [...byId.values()].filter((line) => edgesIn(line).some(({ type, target }) => type === 'parent-child' && target === id));
  const parentsOf = (line: Line): Line[] => edgesIn(line).flatMap(({ type, target }) => (type === 'parent-child' ? (byId.get(target) ?? []) : []));
  const holds = ({ type, target, anyChild }: Edge): boolean => {
    const other = byId.get(target);
    if (other === undefined) return false;
    if (type === 'blocks' || type === 'conditional-blocks') return !over(other);
    if (type !== 'waits-for') return false;
    const children = childrenOf(target);
    return children.some((child) => !over(child)) && !(anyChild && children.some(({ status }) => status === 'closed'));
  };
  const blocked = new Set([...byId.values()].filter((line) => !over(line) && edgesIn(line).some(holds)));
  for (let before = -1; before !== blocked.size; ) {
    before = blocked.size;
    for (const line of byId.values()) if (!over(line) && parentsOf(line).some((parent) => blocked.has(parent))) blocked.add(line);
  }
  const free = [...byId.values()].filter(
    (line) => line['status'] === 'open' && !blocked.has(line) && !line['pinned'] && !line['ephemeral'] && !line['is_template'] && !noWork.includes(line['issue_type']) && !later(line) && !parentsOf(line).some((parent) => !over(parent) && later(parent)),
  );
  return free.map(({ id }) => String(id)).sort();
}
