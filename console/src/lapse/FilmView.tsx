import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { loadMedia } from '../api/media';
import { IconButton } from '../design/controls';
import { useMessages } from '../i18n/LocaleProvider';
import { dateTimeOf } from '../i18n/zone';
import { Film, type FilmState } from './Film';
import type { Frame } from './track';

interface FilmViewProps {
  /** At least one. */
  frames: readonly Frame[];
  /** Somebody wants the footage of this instant. */
  onPick: (instant: number) => void;
}

const RATES = [1, 2, 5, 10, 20];
const USUAL_RATE = 5;
const [WIDTH, HEIGHT] = [640, 360];

/** Plays small pictures, and is played with. */
export function FilmView({ frames, onPick }: FilmViewProps) {
  const { lapse: words, day } = useMessages();
  const canvas = useRef<HTMLCanvasElement>(null);
  const position = useRef<HTMLInputElement>(null);
  const film = useRef<Film<ImageBitmap> | null>(null);
  const [rate, setRate] = useState(USUAL_RATE);
  const [state, setState] = useState<FilmState>({ index: 0, playing: false, waiting: true, missing: false });

  useEffect(() => {
    const context = canvas.current?.getContext('2d') ?? null;
    const shown = new Film<ImageBitmap>({
      frames,
      load: async (url, signal) => createImageBitmap(await (await loadMedia(url, signal)).blob()),
      release: (sheet) => sheet.close(),
      draw: (sheet, { x, y, width, height }) =>
        context?.drawImage(sheet, x, y, width, height, 0, 0, WIDTH, HEIGHT),
      onState: setState,
    });
    film.current = shown;
    shown.play();
    // Its keys are at hand, unless somebody types just now.
    if (document.activeElement?.matches('input, select') !== true) position.current?.focus();
    return () => shown.close();
  }, [frames]);

  const frame = frames[state.index];
  const time = frame === undefined ? '' : dateTimeOf(frame.instant);
  const pressKey = (event: KeyboardEvent<HTMLElement>) => {
    const { target } = event;
    const on = (selector: string) => target instanceof Element && target.closest(selector) !== null;
    const acts: Record<string, () => void> = {
      ...(on('button, select') ? {} : { ' ': () => film.current?.toggle() }),
      ...(on('input, select')
        ? {}
        : {
            ArrowLeft: () => film.current?.step(-1),
            ArrowRight: () => film.current?.step(1),
            Home: () => film.current?.seek(0),
            End: () => film.current?.seek(frames.length - 1),
          }),
    };
    const act = acts[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };

  return (
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions -- keys of the buttons inside, wherever focus is
    <div className="film" data-testid="film" data-index={state.index} onKeyDown={pressKey}>
      <button
        type="button"
        className="film-picture"
        data-testid="film-picture"
        data-instant={frame?.instant ?? ''}
        data-waiting={state.waiting}
        aria-label={words.playFrom(time)}
        onClick={() => (frame === undefined ? undefined : onPick(frame.instant))}
      >
        <canvas ref={canvas} width={WIDTH} height={HEIGHT} />
        {state.waiting || state.missing ? (
          <span className="film-note">{state.missing ? words.missing : words.waiting}</span>
        ) : null}
      </button>
      <input
        ref={position}
        type="range"
        className="film-position"
        data-testid="film-position"
        aria-label={words.position}
        aria-valuetext={time}
        min={0}
        max={frames.length - 1}
        value={state.index}
        onChange={(event) => film.current?.seek(event.target.valueAsNumber)}
      />
      <div className="film-keys">
        <IconButton icon="previousFrame" label={words.previous} onClick={() => film.current?.step(-1)} />
        <IconButton
          icon={state.playing ? 'pause' : 'play'}
          className="play-button"
          label={state.playing ? day.pause : day.play}
          data-testid="film-play"
          onClick={() => film.current?.toggle()}
        />
        <IconButton icon="nextFrame" label={words.next} onClick={() => film.current?.step(1)} />
        <time
          className="digits"
          data-testid="film-time"
          dateTime={frame && new Date(frame.instant).toISOString()}
        >
          {time}
        </time>
        <span className="faint">{words.pictures(frames.length)}</span>
        <select
          aria-label={words.speed}
          value={rate}
          onChange={(event) => {
            setRate(Number(event.target.value));
            film.current?.setRate(Number(event.target.value));
          }}
        >
          {RATES.map((each) => (
            <option key={each} value={each}>
              {words.rate(each)}
            </option>
          ))}
        </select>
      </div>
      <p className="field-hint">{words.help}</p>
    </div>
  );
}
