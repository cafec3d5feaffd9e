import type { ServerEvent } from '../api/event-parser';
import type { Camera, CameraState } from '../api/types';

interface StateEvent {
  name: string;
  state: CameraState;
  state_reason: string;
}

/**
 * The cameras as they were listed, kept up to date by events (docs/events.md). What is told while a list is
 * under way is applied to it once more: the list may be of before or after, and the newest event comes last.
 */
export class CameraFeed {
  private cameras = new Map<string, Camera>();
  /** While a list is under way. */
  private meanwhile: ServerEvent[] | null = null;
  /** Told since the last `reset`; null when nothing is being told anew. */
  private told: Set<string> | null = null;
  private hasBegun = false;
  /** Told of, and in no list: another list would not have them either. */
  private readonly strangers = new Set<string>();

  /** A list is asked for. */
  beginList(): void {
    this.meanwhile = [];
  }

  /** It has come. */
  endList(cameras: readonly Camera[]): void {
    this.cameras = new Map(cameras.map((camera) => [camera.name, camera]));
    const meanwhile = this.meanwhile ?? [];
    this.meanwhile = null;
    this.strangers.clear();
    for (const event of meanwhile) this.apply(event, true);
  }

  /** It does not come. */
  abandonList(): void {
    this.meanwhile = null;
  }

  list(): Camera[] {
    return [...this.cameras.values()];
  }

  /** "changed": the list is another; "unknown": it has to be read again, for something is not known; "same". */
  take(event: ServerEvent): 'changed' | 'unknown' | 'same' {
    this.meanwhile?.push(event);
    return this.apply(event, this.meanwhile !== null);
  }

  private apply(event: ServerEvent, listed: boolean): 'changed' | 'unknown' | 'same' {
    switch (event.type) {
      case 'reset': {
        this.told = new Set();
        // What changed since the stream broke, but for states, will not be told.
        const isAgain = this.hasBegun && !listed;
        this.hasBegun = true;
        return isAgain ? 'unknown' : 'same';
      }
      case 'synced':
        return this.dropUntold();
      case 'camera_state':
        return this.applyState(JSON.parse(event.data) as StateEvent, listed);
      case 'camera_changed': {
        const camera = JSON.parse(event.data) as Camera;
        const known = this.cameras.get(camera.name);
        // How it is, states tell: a registration's may be of before.
        this.cameras.set(camera.name, known === undefined ? camera : withState(camera, known));
        return 'changed';
      }
      case 'camera_deleted':
        return this.cameras.delete((JSON.parse(event.data) as { name: string }).name) ? 'changed' : 'same';
      default:
        return 'same';
    }
  }

  private applyState(event: StateEvent, listed: boolean): 'changed' | 'unknown' | 'same' {
    this.told?.add(event.name);
    const known = this.cameras.get(event.name);
    if (known === undefined) {
      const isNews = !listed && !this.strangers.has(event.name);
      this.strangers.add(event.name);
      return isNews ? 'unknown' : 'same';
    }
    if (known.state === event.state && known.state_reason === event.state_reason) return 'same';
    this.cameras.set(event.name, withState(known, event));
    return 'changed';
  }

  /** All that can be seen has been told: what was not is gone. */
  private dropUntold(): 'changed' | 'same' {
    const told = this.told;
    this.told = null;
    if (told === null) return 'same';
    let changed = false;
    for (const name of this.cameras.keys()) {
      if (!told.has(name)) changed = this.cameras.delete(name) || changed;
    }
    return changed ? 'changed' : 'same';
  }
}

function withState(camera: Camera, told: Pick<Camera, 'state' | 'state_reason'>): Camera {
  return { ...camera, state: told.state, state_reason: told.state_reason };
}
