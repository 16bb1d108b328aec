/** Makes ids. Domain rooms never call it: ids come in with the command. */
import { type Id, type IdKind, idPrefixes } from '@atoll/schema/ids';
import { typeid } from 'typeid-js';

export const newId = <K extends IdKind>(kind: K): Id<K> => typeid(idPrefixes[kind]).toString() as Id<K>;
