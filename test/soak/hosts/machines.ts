import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { output, run, type Ran } from '../../helpers/temporary.ts';

const bridge = 'br0';
const port = 2222;
const hubAddress = '10.77.0.1';

/** A machine of the play: namespaces of its own for network, processes, mounts and name, and a home. All that runs in it ends with its holder. */
export class Machine {
  readonly name: string;
  readonly address: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  readonly #holder: ChildProcess;
  /** The first process in it, as it is numbered outside. */
  readonly #first: number;

  private constructor(name: string, address: string, home: string, env: Readonly<Record<string, string>>, holder: ChildProcess, first: number) {
    this.name = name;
    this.address = address;
    this.home = home;
    this.env = env;
    this.#holder = holder;
    this.#first = first;
  }

  static async open(name: string, address: string, home: string, env: Readonly<Record<string, string>>): Promise<Machine> {
    mkdirSync(home, { recursive: true });
    // Its first process has to take in orphans.
    const init = 'hostname "$1" && ip link set lo up && echo ready; sleep infinity & wait';
    const holder = spawn('unshare', [...apart, '--kill-child', 'sh', '-c', init, 'sh', name], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise<void>((resume, fail) => {
      holder.stdout.once('data', () => resume());
      holder.once('exit', () => fail(new Error(`${name} could not be made`)));
      holder.once('error', fail);
    });
    const pid = holder.pid ?? 0;
    return new Machine(name, address, home, env, holder, Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]));
  }

  /** Runs a program there to its end; a status other than 0 is an answer. */
  run(cwd: string, argv: readonly string[], timeoutMs = 200_000): Promise<Ran> {
    return run([...this.entering(cwd), ...argv], { bare: true, env: this.env, timeoutMs });
  }

  /** Runs a program there that must succeed; answers its output. */
  output(cwd: string, argv: readonly string[]): Promise<string> {
    return output([...this.entering(cwd), ...argv], { bare: true, env: this.env, timeoutMs: 200_000 });
  }

  /** The words that bring a program into the machine. */
  entering(cwd: string): string[] {
    return ['nsenter', '--target', String(this.#first), '--net', '--pid', '--mount', '--uts', '--', 'env', '-C', cwd];
  }

  /** Works on its network from outside. */
  async ip(...words: string[]): Promise<void> {
    await output(['nsenter', '--target', String(this.#first), '--net', '--', 'ip', ...words], { bare: true, env: this.env });
  }

  /** Connects it to another machine's bridge. */
  async plugInto(hub: Machine): Promise<void> {
    await hub.ip('link', 'add', this.name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(this.#first));
    await hub.ip('link', 'set', this.name, 'master', bridge, 'up');
    await this.ip('address', 'add', `${this.address}/24`, 'dev', 'eth0');
    await this.ip('link', 'set', 'eth0', 'up');
  }

  /** The processes in it besides the two that hold it, as they are numbered there, with their command lines. */
  async processes(): Promise<string[]> {
    const lines = (await this.output('/', ['ps', '-e', '-o', 'pid=', '-o', 'args='])).split('\n').map((line) => line.trim());
    return lines.filter((line) => !/^1 | sleep infinity$| ps -e -o /.test(line));
  }

  /** Ends it and everything in it. */
  end(): void {
    this.#holder.kill('SIGKILL');
  }
}

const apart = ['--net', '--pid', '--mount', '--uts', '--fork', '--mount-proc'];

/** What this machine lacks for the play, in words; undefined where everything is there. */
export async function lacking(): Promise<string | undefined> {
  const programs = { ps: 'procps', hostname: 'hostname', unshare: 'util-linux', nsenter: 'util-linux', ip: 'iproute2', ssh: 'openssh-client', 'ssh-keygen': 'openssh-client', sshd: 'openssh-server', git: 'git' };
  for (const [program, from] of Object.entries(programs)) if ((await whereIs(program)) === undefined) return `there is no ${program} (Debian: apt-get install ${from})`;
  const tried = await run(['unshare', ...apart, 'ip', 'link', 'set', 'lo', 'up'], { env: { PATH: path } });
  return tried.code === 0 ? undefined : `namespaces cannot be made here: ${tried.stderr.trim()}`;
}

export const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

async function whereIs(program: string): Promise<string | undefined> {
  return (await run(['sh', '-c', 'command -v "$1"', 'sh', program], { env: { PATH: path } })).stdout.trim() || undefined;
}

/** How hosts reach the hub. */
export interface Door {
  url(repository: string): string;
  /** What git calls for ssh; patient: as ssh is without being told, which waits for an answer for many minutes. */
  command(patient: boolean): string;
}

/** Starts sshd on the hub, with keys made for this play only. */
export async function openDoor(hub: Machine): Promise<Door> {
  const at = (name: string): string => join(hub.home, name);
  for (const key of ['host', 'guest']) await output(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', key, '-f', at(key)]);
  const hostKey = readFileSync(at('host.pub'), 'utf8');
  writeFileSync(at('known_hosts'), `[${hubAddress}]:${port} ${hostKey}`);
  writeFileSync(at('authorized_keys'), readFileSync(at('guest.pub')), { mode: 0o600 });
  const lines = [
    `ListenAddress ${hubAddress}:${port}`, `HostKey ${at('host')}`, `AuthorizedKeysFile ${at('authorized_keys')}`, 'PidFile none', 'StrictModes no', 'UsePAM no', 'PermitRootLogin prohibit-password',
    'PasswordAuthentication no', 'KbdInteractiveAuthentication no', 'MaxStartups 100', 'ClientAliveInterval 5', 'ClientAliveCountMax 3', `SetEnv HOME=${hub.home} GIT_CONFIG_NOSYSTEM=1`,
  ];
  writeFileSync(at('sshd_config'), `${lines.join('\n')}\n`);
  await hub.ip('link', 'add', bridge, 'type', 'bridge');
  await hub.ip('address', 'add', `${hubAddress}/24`, 'dev', bridge);
  await hub.ip('link', 'set', bridge, 'up');
  // Where root separates privileges; nobody else's /run is touched.
  if (process.getuid?.() === 0) await hub.output('/', ['sh', '-c', 'mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd']);
  await hub.output('/', ['sh', '-c', `${await whereIs('sshd')} -f "$1" -E "$2"`, 'sh', at('sshd_config'), at('sshd.log')]);
  const user = await output(['id', '-un']);
  const common = `ssh -F none -i ${at('guest')} -o IdentitiesOnly=yes -o BatchMode=yes -o UserKnownHostsFile=${at('known_hosts')} -o GlobalKnownHostsFile=none -o StrictHostKeyChecking=yes`;
  return {
    url: (repository) => `ssh://${user}@${hubAddress}:${port}${repository}`,
    command: (patient) => (patient ? common : `${common} -o ConnectTimeout=3 -o ServerAliveInterval=2 -o ServerAliveCountMax=2`),
  };
}

/** A way to cut a host off, and to join it again. */
export interface Cut {
  readonly name: string;
  cut(hub: Machine, host: Machine): Promise<void>;
  join(hub: Machine, host: Machine): Promise<void>;
}

export const cuts: readonly Cut[] = [
  { name: 'unplugged', cut: (_hub, host) => host.ip('link', 'set', 'eth0', 'down'), join: (_hub, host) => host.ip('link', 'set', 'eth0', 'up') },
  // Whatever is sent vanishes, and nobody says so.
  { name: 'swallowed', cut: (hub, host) => hub.ip('link', 'set', host.name, 'nomaster'), join: (hub, host) => hub.ip('link', 'set', host.name, 'master', bridge) },
  // What is sent arrives; the answer does not.
  { name: 'unanswered', cut: (hub, host) => hub.ip('route', 'add', 'blackhole', `${host.address}/32`), join: (hub, host) => hub.ip('route', 'del', 'blackhole', `${host.address}/32`) },
];

/** Kills the hub's end of a connection that is open now, where there is one; `choose` draws it. */
export async function breakConnection(hub: Machine, choose: (pids: readonly string[]) => string | undefined): Promise<boolean> {
  const pids = (await hub.processes()).filter((line) => /^\d+ (\S*sshd|sshd-session): .*(@notty|\[priv\])/.test(line)).map((line) => line.split(' ', 1)[0] ?? '');
  const pid = choose(pids);
  return pid !== undefined && (await hub.run('/', ['kill', '-9', pid])).code === 0;
}

/** Waits until the hub answers a host. */
export async function untilReached(host: Machine, url: string): Promise<void> {
  for (let attempt = 0; (await host.run(host.home, ['git', 'ls-remote', url])).code !== 0; attempt += 1) {
    if (attempt === 20) throw new Error(`${host.name} does not reach the hub: ${(await host.run(host.home, ['git', 'ls-remote', url])).stderr}`);
    await sleep(500);
  }
}
