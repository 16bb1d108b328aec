/**
 * A second authorizer, written from the rule in libs/access/README.md and from nothing else: it climbs. What is asked is
 * a place in a tree (the tenant, its environments, their namespaces), a permission belongs to a floor of it. It shares
 * no code with the first one, and is slow on purpose.
 */
import { permissionRegistry } from '@atoll/schema/permissions';

export interface Place {
  readonly environment?: string;
  readonly namespace?: string;
}
export interface Holding {
  readonly operator: boolean;
  readonly permissions: readonly string[];
  readonly at: Place;
}

type Floor = 'platform' | 'tenant' | 'environment' | 'namespace';
const floorOf = (place: Place): Floor =>
  place.namespace !== undefined ? 'namespace' : place.environment !== undefined ? 'environment' : 'tenant';

/** From the ground up: the place itself, what it is in, and so on. */
function upwards(place: Place): Place[] {
  const way: Place[] = [place];
  if (place.namespace !== undefined && place.environment !== undefined) way.push({ environment: place.environment });
  if (place.environment !== undefined) way.push({});
  return way;
}

const nameOf = ({ environment = '-', namespace = '-' }: Place) =>
  namespace !== '-' ? `namespace ${namespace}` : environment !== '-' ? `environment ${environment}` : 'tenant';

const isAt = (one: Place, other: Place) => nameOf(one) === nameOf(other);

/** Climbs from the place to the floor that the permission belongs to; stays where the place is higher already. */
function aboutWhat(place: Place, floor: Floor): Place {
  return upwards(place).find((step) => floorOf(step) === floor) ?? place;
}

export function mayDo(holdings: readonly Holding[], permission: string, place: Place): boolean {
  const entry = Object.entries(permissionRegistry).find(([name]) => name === permission);
  if (!entry) return false;
  const [, { level, upward }] = entry;
  for (const holding of holdings) {
    if (!holding.permissions.includes(permission)) continue;
    if (holding.operator) return true;
    if (level === 'platform') continue;
    const about = aboutWhat(place, level);
    // Somewhere on the way up from what it is about stands the place where it is held.
    if (upwards(about).some((step) => isAt(step, holding.at))) return true;
    // Reading what is around: on the way up from where it is held stands what it is about.
    const atItsFloor = floorOf(about) === level;
    if (upward && atItsFloor && upwards(holding.at).some((step) => isAt(step, about))) return true;
  }
  return false;
}

/** Everywhere that somebody could be asked about, in a tree that is given. */
export function allPlaces(tree: Readonly<Record<string, readonly string[]>>): Place[] {
  const places: Place[] = [{}];
  for (const [environment, namespaces] of Object.entries(tree)) {
    places.push({ environment });
    for (const namespace of namespaces) places.push({ environment, namespace });
  }
  return places;
}

/** What giving a role at a place would give anywhere, that the giver hasn't there: by asking about every place. */
export function tooMuch(
  giver: readonly Holding[],
  given: readonly string[],
  at: Place,
  tree: Readonly<Record<string, readonly string[]>>,
): boolean {
  const gift: Holding = { operator: false, permissions: given, at };
  return given.some((permission) =>
    allPlaces(tree).some((place) => mayDo([gift], permission, place) && !mayDo(giver, permission, place)),
  );
}
