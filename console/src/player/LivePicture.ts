import { Problem } from '../api/problem';
import { backoff } from './backoff';
import { codecName } from './codecs';
import { mediaSource } from './mediaSource';
import { NativeLive } from './NativeLive';
import { choose, type Rendition, type Wish } from './rendition';
import { TilePlayer } from './TilePlayer';
import type { WallSocket } from './WallSocket';
import type { Watch } from './watch';

/** What a live picture is doing. */
export type LiveState =
  /** On the way: a ticket, the socket, the first picture. */
  | { kind: 'connecting' }
  | { kind: 'playing' }
  /** It was there and will be again; the last picture stands meanwhile. */
  | { kind: 'reconnecting' }
  /** The platform has no picture of the camera now, and goes on trying. Code and detail as the gateway says. */
  | { kind: 'no-signal'; code: string; detail: string }
  | { kind: 'denied' }
  /** It was watched, and the right to it is over. */
  | { kind: 'ended' }
  /** Too many watch with this sign-in or this ticket. */
  | { kind: 'crowded' }
  | { kind: 'gone' }
  /** `crowded`: the platform could convert it, and has no room for that now. */
  | { kind: 'unplayable'; codec: string; crowded: boolean }
  /** This browser plays no video streams at all. */
  | { kind: 'unsupported' };

export interface LivePictureOptions {
  video: HTMLVideoElement;
  camera: string;
  socket: WallSocket;
  /** How the picture is shown at first. */
  wish: Wish;
  /** The live playlist of the camera, for browsers that can only be given an address. */
  playlist: () => Promise<string>;
  onState: (state: LiveState) => void;
  /** Wall time of the picture, epoch milliseconds, once a second; null when nobody knows. */
  onInstant: (instant: number | null) => void;
  /** Drawn over the picture; empty when nothing has to be. */
  onWatermark: (watermark: string) => void;
}

/** A rendition that was refused is asked for again after so long. */
const AWAY_MS = 60_000;

/** A camera's live picture in a video element, until it is stopped. */
export class LivePicture {
  private readonly options: LivePictureOptions;
  private readonly watch: Watch | null = null;
  private readonly player: TilePlayer | NativeLive | null = null;
  private state: LiveState = { kind: 'connecting' };
  private hasPlayed = false;
  /** Nothing comes: what is still shown is the rest of what was loaded. */
  private lost = false;
  private broken = 0;
  private wish: Wish;
  /** Renditions that are not to be had, or cannot be played, and why. */
  private readonly useless = new Map<Rendition, Problem | { codecs: string }>();
  private looking: ReturnType<typeof setTimeout> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LivePictureOptions) {
    this.options = options;
    this.wish = options.wish;
    const { video, socket, camera, playlist } = options;
    const source = mediaSource();
    const onPicture = (instant: number | null): void => this.shown(instant);
    const onStall = (): void => this.interrupted();
    if (source !== null) {
      this.player = new TilePlayer({
        ...{ video, source, onPicture, onStall },
        onBroken: () => this.repair(),
      });
      this.watch = socket.watch(camera, this.listener(this.player), choose(this.wish, new Set()) ?? 'main');
    } else if (video.canPlayType('application/vnd.apple.mpegurl') !== '') {
      this.player = new NativeLive({ video, playlist, onPicture, onStall, onRefused: this.refused });
    } else this.set({ kind: 'unsupported' });
  }

  /** Tries now what was given up or waits. */
  again(): void {
    if (this.state.kind === 'playing') return;
    this.hasPlayed = false;
    this.useless.clear();
    this.set({ kind: 'connecting' });
    this.show();
    this.watch?.again();
    if (this.player instanceof NativeLive) this.player.again();
  }

  /** As large as it is shown from now on, of what the camera has. */
  prefer(wish: Wish): void {
    this.wish = wish;
    this.show();
  }

  /** With its sound or without; a picture that has none yet begins without. */
  hear(audible: boolean): void {
    this.watch?.hear(audible);
  }

  stop(): void {
    clearTimeout(this.timer);
    clearTimeout(this.looking);
    this.watch?.stop();
    this.player?.stop();
  }

  private listener(player: TilePlayer) {
    return {
      onTicket: this.options.onWatermark,
      onDescribed: (codecs: string) => player.describe(codecs),
      onUseless: (rendition: Rendition, why: Problem | { codecs: string }) => {
        this.useless.set(rendition, why);
        if (why instanceof Problem) this.lookAgain();
        if (this.show()) return;
        player.reset();
        this.set(this.unplayable());
      },
      onInit: (bytes: Uint8Array<ArrayBuffer>) => player.init(bytes),
      onFragment: (bytes: Uint8Array<ArrayBuffer>) => {
        this.lost = false;
        player.fragment(bytes);
      },
      onDiscontinuity: () => player.discontinuity(),
      onProblem: (problem: Problem, final: boolean) => {
        player.reset(); // Not a picture more without the right to it, and none that passes for the present.
        this.refused(problem, final);
      },
      onLost: () => {
        this.lost = true;
        this.interrupted();
      },
    };
  }

  /** Asks for the best rendition that is left. False when none is. */
  private show(): boolean {
    const rendition = choose(this.wish, new Set(this.useless.keys()));
    if (rendition !== null) this.watch?.show(rendition);
    return rendition !== null;
  }

  /** A rendition that was away may be back; one that this browser has no decoder for is not asked for again. */
  private lookAgain(): void {
    clearTimeout(this.looking);
    this.looking = setTimeout(() => {
      for (const [rendition, why] of this.useless) if (why instanceof Problem) this.useless.delete(rendition);
      this.show();
    }, AWAY_MS);
  }

  /** Why no rendition is left. */
  private unplayable(): LiveState {
    const reasons = [...this.useless.values()];
    const problems = reasons.filter((why) => why instanceof Problem);
    const described = reasons.find((why) => 'codecs' in why);
    if (described === undefined) {
      const [problem] = problems;
      return { kind: 'no-signal', code: problem?.code ?? '', detail: problem?.message ?? '' };
    }
    const crowded = problems.some(({ code }) => code === 'transcode.no_capacity');
    return { kind: 'unplayable', codec: codecName(described.codecs), crowded };
  }

  private refused = (problem: Problem, final: boolean): void => {
    if (!final && problem.status >= 500) {
      this.set({ kind: 'no-signal', code: problem.code, detail: problem.message });
    } else if (!final) this.interrupted();
    else if (problem.code === 'ticket.too_many_viewers') this.set({ kind: 'crowded' });
    else if (problem.code === 'ticket.camera_gone') this.set({ kind: 'gone' });
    else if (this.hasPlayed) this.set({ kind: 'ended' });
    else this.set({ kind: problem.status === 404 ? 'gone' : 'denied' });
  };

  private shown(instant: number | null): void {
    this.hasPlayed = true;
    this.broken = 0;
    if (!this.lost) this.set({ kind: 'playing' });
    this.options.onInstant(instant);
  }

  private interrupted(): void {
    if (this.state.kind === 'playing') this.set({ kind: 'reconnecting' });
  }

  /** Another buffer and decoder, soon; later each time that it does not last. */
  private repair(): void {
    this.interrupted();
    const delay = this.broken === 0 ? 0 : backoff(this.broken);
    this.broken += 1;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.watch?.again(), delay);
  }

  private set(state: LiveState): void {
    const before = this.state;
    this.state = state;
    if (JSON.stringify(before) !== JSON.stringify(state)) this.options.onState(state);
  }
}
