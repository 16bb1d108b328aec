/** Names and labels that mean something to a shell, to iptables, to ipset, to JavaScript, or to whoever reads a log. */
import type { Dice } from '../random.ts';

const pieces = [
  ...[
    '"',
    "'",
    '`',
    '\\',
    '\n',
    '\r\n',
    '\t',
    '\0',
    ' ',
    ';',
    '|',
    '&',
    '>',
    '#',
    '%s%n',
    '..',
    '/',
    ',',
    '!',
    '*',
    '~',
  ],
  ...['$(touch canary)', '`touch canary`', '; touch canary #', '| touch canary', '$' + '{IFS}', '$HOME', '&& reboot'],
  ...[
    '-j ACCEPT',
    '--jump ACCEPT',
    '-s 0.0.0.0/0',
    '-A FORWARD -j ACCEPT',
    '" -j ACCEPT "',
    '-t nat',
    '--',
    '-F',
    '! -i lo',
  ],
  ...[
    '\nCOMMIT\n*filter\n-A FORWARD -j ACCEPT\nCOMMIT\n',
    '\nadd admins 0.0.0.0/1\n',
    '\nflush\n',
    '\nroute add default\n',
  ],
  ...['\u202e', '\u200b', '\u{1F600}', 'é', 'e\u0301', 'ﬁ', '\ud800', '١٢٣', 'ⅷ', '\u0000'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'null', 'undefined', 'NaN', '0', '-1', 'true'],
  ...['0.0.0.0/0', '::/0', '10.64.0.1', 'atl', 'atoll:0123456789abcdef', 'RETURN', 'DROP', 'INPUT'],
  ...['x'.repeat(10_000), 'Ω'.repeat(300)],
] as const;

/** Each is another. */
export function hostileName(dice: Dice, number: number): string {
  const some = Array.from({ length: 1 + dice.number(3) }, () => dice.of(pieces));
  return dice.chance(0.5) ? `${some.join('')}${number}` : `${number}${some.join('')}`;
}

/** As they are, without anything beside them. */
export const bareNames: readonly string[] = pieces;
