/** A small domain with personal data for the engine's own tests: people of a club, and who brought whom. */
import { personal } from '@atoll/schema/personal';
import { z } from 'zod';

export const peopleEvents = {
  Joined: {
    version: 1,
    data: z.strictObject({
      subject: z.string().min(1),
      role: z.string(),
      name: personal(z.string(), 'subject'),
      contact: z.strictObject({ email: personal(z.string(), 'subject'), age: personal(z.number(), 'subject') }),
      guests: z.array(z.strictObject({ guest: z.string(), nickname: personal(z.string(), 'guest') })),
    }),
  },
  Renamed: { version: 1, data: z.strictObject({ subject: z.string(), name: personal(z.string(), 'subject') }) },
  Noted: { version: 1, data: z.strictObject({ text: z.string() }) },
  Forgotten: { version: 1, data: z.strictObject({ subject: z.string() }) },
} as const;

/** Version 2 of Joined: the name under another name, one level deeper. */
export const newerPeopleEvents = {
  ...peopleEvents,
  Renamed: {
    version: 2,
    data: z.strictObject({ subject: z.string(), person: z.strictObject({ called: personal(z.string(), 'subject') }) }),
    upcasters: {
      1: (data: unknown) => {
        const { subject, name } = peopleEvents.Renamed.data.parse(data);
        return { subject, person: { called: name } };
      },
    },
  },
} as const;
