/** What goes wrong with rules on a real machine, by mistake or on purpose; each leaves those of others as they are. */
import { everyFamily, type Kernel, program } from '../lab/kernel.ts';
import type { SegmentNode } from '../lab/segment.ts';
import type { Dice } from '../random.ts';

export interface Sabotage {
  readonly name: string;
  readonly run: (node: SegmentNode, kernel: Kernel, dice: Dice) => Promise<void>;
}

const builtin = /^(INPUT|FORWARD|OUTPUT|PREROUTING|POSTROUTING)$/;

/** Without a shell, an argument in quotes is one word. */
export const words = (text: string): string[] =>
  (text.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? []).map((word) => word.replace(/^"|"$/g, '').replaceAll('\\"', '"'));

const inOwnChains = ({ rules }: Kernel) => rules.filter(({ chain }) => !builtin.test(chain));
const anchors = ({ rules }: Kernel) => rules.filter(({ chain }) => builtin.test(chain));

export const sabotages: readonly Sabotage[] = [
  {
    name: 'a rule deleted',
    async run({ commands }, kernel, dice) {
      const { family, table, chain, number } = dice.of(inOwnChains(kernel));
      await commands.run(program[family], ['-t', table, '-D', chain, String(number)]);
    },
  },
  {
    name: 'a rule inserted',
    async run({ commands }, kernel, dice) {
      const { family, table, chain, number } = dice.of(inOwnChains(kernel));
      const target = dice.of(['ACCEPT', 'DROP', 'RETURN']);
      await commands.run(program[family], ['-t', table, '-I', chain, String(number), '-j', target]);
    },
  },
  {
    name: 'a rule of ours twice',
    async run({ commands }, kernel, dice) {
      const { family, table, chain, text } = dice.of(kernel.rules);
      await commands.run(program[family], ['-t', table, '-A', chain, ...words(text)]);
    },
  },
  {
    name: 'two rules changed places',
    async run({ commands }, kernel, dice) {
      const { family, table, chain, number, text } = dice.of(inOwnChains(kernel));
      await commands.run(program[family], ['-t', table, '-D', chain, String(number)]);
      await commands.run(program[family], [
        '-t',
        table,
        ...(dice.chance(0.5) ? ['-A', chain] : ['-I', chain, '1']),
        ...words(text),
      ]);
    },
  },
  {
    name: 'a chain emptied',
    async run({ commands }, kernel, dice) {
      const { family, table, name } = dice.of(kernel.chains);
      await commands.run(program[family], ['-t', table, '-F', name]);
    },
  },
  {
    name: 'all chains of a family emptied',
    async run({ commands }, kernel, dice) {
      const family = dice.of(everyFamily);
      for (const { table, name } of kernel.chains.filter((chain) => chain.family === family)) {
        await commands.run(program[family], ['-t', table, '-F', name]);
      }
    },
  },
  {
    name: 'all chains of a family gone',
    async run({ commands }, kernel, dice) {
      const family = dice.of(everyFamily);
      const mine = kernel.chains.filter((chain) => chain.family === family);
      for (const { table, chain, text } of anchors(kernel).filter((one) => one.family === family)) {
        await commands.run(program[family], ['-t', table, '-D', chain, ...words(text)]);
      }
      for (const verb of ['-F', '-X']) {
        for (const { table, name } of mine) await commands.run(program[family], ['-t', table, verb, name]);
      }
    },
  },
  {
    name: 'a way into our chains deleted',
    async run({ commands }, kernel, dice) {
      const { family, table, chain, number } = dice.of(anchors(kernel));
      await commands.run(program[family], ['-t', table, '-D', chain, String(number)]);
    },
  },
  {
    name: 'a way into our chains put behind the others',
    async run({ commands }, kernel, dice) {
      const { family, table, chain, number, text } = dice.of(anchors(kernel));
      await commands.run(program[family], ['-t', table, '-D', chain, String(number)]);
      await commands.run(program[family], ['-t', table, '-A', chain, ...words(text)]);
    },
  },
  {
    name: 'a jump into the middle of our chains',
    async run({ commands }, kernel, dice) {
      const { family, table, name } = dice.of(kernel.chains.filter((chain) => chain.table === 'filter'));
      await commands.run(program[family], ['-t', table, '-I', 'FORWARD', '1', '-i', 'eth8', '-j', name]);
    },
  },
  {
    name: 'a chain of our prefix that nobody rendered',
    async run({ commands, names }, _kernel, dice) {
      const family = dice.of(everyFamily);
      const name = names.chain(`stray${dice.number(1000)}`);
      await commands.run(program[family], ['-N', name]);
      await commands.run(program[family], ['-A', name, '-j', 'ACCEPT']);
    },
  },
  {
    name: 'a set emptied',
    async run({ commands }, kernel, dice) {
      await commands.run('ipset', ['flush', dice.of(kernel.sets).name]);
    },
  },
  {
    name: 'every set emptied',
    async run({ commands }, kernel) {
      await commands.run('ipset', ['restore'], kernel.sets.map(({ name }) => `flush ${name}\n`).join(''));
    },
  },
  {
    name: 'a member taken out of a set',
    async run({ commands }, kernel, dice) {
      const { name, members } = dice.of(kernel.sets.filter((set) => set.members.length > 0));
      await commands.run('ipset', ['del', name, dice.of(members)]);
    },
  },
  {
    name: 'a member put into a set',
    async run({ commands, names }, kernel, dice) {
      const { name, type, members } = dice.of(kernel.sets.filter((set) => set.members.length > 0));
      const address = members[0]?.includes(':') ? 'fd61:746f:6c6c:1::99' : '10.64.1.99';
      await commands.run('ipset', [
        'add',
        '-exist',
        name,
        type.endsWith('iface') ? `${address},${names.prefix}zz` : address,
      ]);
    },
  },
  {
    name: 'two sets changed places',
    async run({ commands }, kernel, dice) {
      const one = dice.of(kernel.sets);
      const six = one.members.some((member) => member.includes(':'));
      const alike = kernel.sets.filter(
        ({ type, name, members }) =>
          type === one.type && name !== one.name && members.some((member) => member.includes(':')) === six,
      );
      if (alike.length > 0) await commands.run('ipset', ['swap', one.name, dice.of(alike).name]).catch(() => {});
    },
  },
  {
    name: 'a set destroyed',
    async run({ commands }, kernel, dice) {
      const { name } = dice.of(kernel.sets);
      // Only what nobody names can be destroyed.
      for (const { family, table, chain, text } of kernel.rules.filter((rule) => words(rule.text).includes(name))) {
        await commands.run(program[family], ['-t', table, '-D', chain, ...words(text)]);
      }
      await commands.run('ipset', ['destroy', name]);
    },
  },
  {
    name: 'a rival tool that writes back what it had before ours was there',
    async run({ commands }, kernel, dice) {
      const family = dice.of(everyFamily);
      const { stdout } = await commands.run(`${program[family]}-save`, ['-t', 'filter']);
      const prefix = kernel.chains[0]?.name.split('-')[0] ?? '';
      const theirs = stdout.split('\n').filter((line) => !line.includes(prefix));
      await commands.run(`${program[family]}-restore`, [], theirs.join('\n'));
    },
  },
  {
    name: 'forwarding switched off',
    async run({ commands }, _kernel, dice) {
      await commands.run('sysctl', [
        '-q',
        '-w',
        `${dice.of(['net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding'])}=0`,
      ]);
    },
  },
];
