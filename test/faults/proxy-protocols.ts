/** How to know that a request was answered, in the protocols that go through the proxy. */

export interface Protocol {
  /** Asked with each later chunk of the server's: true once the answer to `request` is complete. */
  answerTo(request: Buffer): (chunk: Buffer) => boolean;
}

/**
 * PostgreSQL: messages are a letter and a length. Rows may come before the transaction has committed; `Z`, ready for the
 * next query, comes after.
 */
const postgres: Protocol = {
  answerTo() {
    let rest = Buffer.alloc(0);
    return (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 5) {
        if (rest[0] === 'Z'.charCodeAt(0)) return true;
        const length = 1 + rest.readUInt32BE(1);
        if (rest.length < length) return false;
        rest = rest.subarray(length);
      }
      return false;
    };
  },
};

/** NATS: the answer to a publish is a message on the reply subject that it names. */
const publish = /(?:HPUB|PUB) \S+ (\S+) \d+(?: \d+)?\r\n/;
const nats: Protocol = {
  answerTo(request) {
    const reply = publish.exec(request.toString('latin1'))?.[1];
    let seen = '';
    return (chunk) => {
      seen = (seen + chunk.toString('latin1')).slice(-65_536);
      return reply === undefined || seen.includes(`MSG ${reply} `);
    };
  },
};

/** Whatever comes first. */
const any: Protocol = { answerTo: () => () => true };

export function protocolOf(target: URL): Protocol {
  switch (target.protocol) {
    case 'postgres:':
    case 'postgresql:':
      return postgres;
    case 'nats:':
      return nats;
    default:
      return any;
  }
}
