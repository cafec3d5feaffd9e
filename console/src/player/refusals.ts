import { Problem } from '../api/problem';

/**
 * Whether another ticket may open what the media path refused with this status (docs/tickets.md). 403 is also said
 * of tickets that were taken away with their session; who has lost the right itself is told so when asking for another.
 */
export function refusesTicket(status: number, renewed: boolean): boolean {
  return status === 401 || status === 410 || (status === 403 && !renewed);
}

/** Who asks for a ticket is not to have one, or there is no such camera: asking again is the person's matter. */
export function isFinal(error: unknown): error is Problem {
  return error instanceof Problem && (error.status === 403 || error.status === 404);
}

/** Another rendition of the same camera may well be had: this one is away, unknown, or costs too much. */
export function refusesRendition({ code }: Problem): boolean {
  return code.startsWith('live.rendition_') || code.startsWith('transcode.');
}
