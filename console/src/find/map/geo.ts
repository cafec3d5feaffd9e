/** WGS-84, degrees. */
export interface Place {
  latitude: number;
  longitude: number;
}
/** A place on the Web Mercator square, 0 to 1 from its north-western corner. */
export interface Point {
  x: number;
  y: number;
}

const EARTH_RADIUS_M = 6_371_008.8;
const EQUATOR_M = 40_075_016.686;
const FARTHEST_NORTH = 85.051_128;

export function project({ latitude, longitude }: Place): Point {
  const phi = radians(Math.max(-FARTHEST_NORTH, Math.min(FARTHEST_NORTH, latitude)));
  return {
    x: (longitude + 180) / 360,
    y: (1 - Math.log(Math.tan(phi) + 1 / Math.cos(phi)) / Math.PI) / 2,
  };
}

export function placeOf({ x, y }: Point): Place {
  const latitude = (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI;
  return { latitude, longitude: x * 360 - 180 };
}

/** Metres along a great circle, as the gateway reckons. */
export function distance(a: Place, b: Place): number {
  const north = radians(b.latitude - a.latitude) / 2;
  const east = radians(b.longitude - a.longitude) / 2;
  const h =
    Math.sin(north) ** 2 +
    Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * Math.sin(east) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** How many metres one unit of the square is at a latitude. */
export function metresPerUnit(latitude: number): number {
  return EQUATOR_M * Math.cos(radians(latitude));
}

/** Whether a place is inside of a closed line; the last place is joined to the first. */
export function isInside(ring: readonly Place[], { latitude, longitude }: Place): boolean {
  let inside = false;
  ring.forEach((a, index) => {
    const b = ring[(index + 1) % ring.length] ?? a;
    if (a.latitude > latitude === b.latitude > latitude) return;
    const crossing =
      a.longitude + ((latitude - a.latitude) / (b.latitude - a.latitude)) * (b.longitude - a.longitude);
    if (longitude < crossing) inside = !inside;
  });
  return inside;
}

/** A circle that holds all of the places; not always the smallest one. */
export function circleAround(places: readonly Place[]): { centre: Place; radius: number } {
  const latitudes = places.map((each) => each.latitude);
  const longitudes = places.map((each) => each.longitude);
  const centre = {
    latitude: (Math.min(...latitudes) + Math.max(...latitudes)) / 2,
    longitude: (Math.min(...longitudes) + Math.max(...longitudes)) / 2,
  };
  return { centre, radius: Math.max(...places.map((each) => distance(centre, each))) };
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
