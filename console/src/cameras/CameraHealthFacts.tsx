import { useEffect, useState } from 'react';
import { getCameraHealth } from '../api/cameras';
import type { CameraHealth } from '../api/types';
import { useMessages } from '../i18n/LocaleProvider';
import { clockOf } from '../i18n/zone';
import { useSession } from '../session/SessionProvider';
import { Fact } from './Fact';
import { formatLoss, formatMilliseconds } from './health';

const POLL_MS = 30_000;

/** How well the camera's stream came in its last minute; nothing while none is known. */
export function CameraHealthFacts({ camera }: { camera: string }) {
  const words = useMessages().health;
  const health = useCameraHealth(camera);
  const stream = health?.stream;
  if (stream === undefined) return null;
  return (
    <>
      <h3>{words.title}</h3>
      <dl className="facts" data-testid="camera-health">
        <Fact label={words.frameRate}>{`${stream.frames_per_second.toFixed(1)} fps`}</Fact>
        <Fact label={words.gop}>
          {stream.gop_pictures > 0
            ? words.gopOf(stream.gop_pictures, (stream.gop_ms / 1000).toFixed(1))
            : undefined}
        </Fact>
        <Fact label={words.loss}>{formatLoss(stream.loss)}</Fact>
        <Fact label={words.jitter}>{formatMilliseconds(stream.jitter_ms)}</Fact>
        <Fact label={words.clockOffset}>{formatMilliseconds(stream.clock_offset_ms)}</Fact>
        <Fact label={words.lastKeyFrame}>{clockOf(Date.parse(stream.last_key_frame_time))}</Fact>
        {stream.reconnects !== undefined && health?.reconnects_last_day !== undefined ? (
          <Fact label={words.reconnects}>
            {words.reconnectsOf(health.reconnects_last_day, stream.reconnects)}
          </Fact>
        ) : null}
      </dl>
    </>
  );
}

function useCameraHealth(camera: string): CameraHealth | null {
  const { api } = useSession();
  const [health, setHealth] = useState<CameraHealth | null>(null);
  useEffect(() => {
    const controller = new AbortController();
    const read = () => {
      getCameraHealth(api, camera, controller.signal).then(setHealth, () => undefined);
    };
    read();
    const timer = setInterval(read, POLL_MS);
    return () => {
      controller.abort();
      clearInterval(timer);
    };
  }, [api, camera]);
  return health;
}
