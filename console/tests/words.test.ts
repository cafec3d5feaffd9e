import { describe, expect, it } from 'vitest';
import { GAP_CAUSES } from '../src/api/types';
import { changesOf, draftOf, faultsOf, formField, NEW_CAMERA } from '../src/cameras/draft';
import { formatLoss, formatMilliseconds } from '../src/cameras/health';
import { explainReason, reasonLine } from '../src/cameras/reason';
import { CAUSE_COLOURS } from '../src/day/causes';
import { en } from '../src/i18n/en';
import { formatBitRate, formatDuration, formatRatio } from '../src/i18n/format';
import { chooseLocale } from '../src/i18n/locale';
import { zhCN } from '../src/i18n/zh-CN';
import { backoff } from '../src/player/backoff';
import { codecName } from '../src/player/codecs';
import { hrefOf, parseRoute } from '../src/route';

describe('the language', () => {
  it('is Chinese for a Chinese browser, English for others, and what was chosen before all', () => {
    expect(chooseLocale(null, 'zh-CN')).toBe('zh-CN');
    expect(chooseLocale(null, 'zh')).toBe('zh-CN');
    expect(chooseLocale(null, 'de-DE')).toBe('en');
    expect(chooseLocale('en', 'zh-CN')).toBe('en');
    expect(chooseLocale('klingon', 'zh-TW')).toBe('zh-CN');
  });

  it('explains the same reasons in both catalogues', () => {
    expect(Object.keys(zhCN.reasons).sort()).toEqual(Object.keys(en.reasons).sort());
  });

  it('has a distinct colour for every cause', () => {
    expect(new Set(GAP_CAUSES.map((cause) => CAUSE_COLOURS[cause])).size).toBe(GAP_CAUSES.length);
  });
});

describe('a state reason', () => {
  it('is told in words, with the technical rest behind', () => {
    expect(explainReason('camera.auth_failed: 401 after Digest', zhCN)).toEqual({
      sentence: '摄像机拒绝了用户名或密码',
      rest: '401 after Digest',
    });
  });

  it('that is not in the catalogue is told as it came', () => {
    expect(reasonLine('camera.on_fire: smoke: much', en)).toBe('camera.on_fire: smoke: much');
  });
});

describe('figures', () => {
  it('are short and honest', () => {
    expect(formatDuration(3_725_000, 'zh-CN')).toBe('1小时 02分');
    expect(formatDuration(61_000, 'en')).toBe('1 min 01 s');
    expect(formatDuration(400, 'en')).toBe('0 s');
    expect(formatRatio(0.99999)).toBe('99.99 %');
    expect(formatRatio(1)).toBe('100 %');
    expect(formatBitRate(2_130_000)).toBe('2.1 Mb/s');
  });

  it('name codecs as people do', () => {
    expect(codecName('mp4a.40.2,hvc1.1.6.L93.B0')).toBe('H.265');
    expect(codecName('video/mp4;codecs=hev1.1.6.L60.90')).toBe('H.265');
    expect(codecName('avc1.64001f')).toBe('H.264');
    expect(codecName('svac.1')).toBe('svac.1');
  });

  it('wait longer after each failure, up to a limit', () => {
    const middle = [0, 1, 2, 9].map((attempt) => backoff(attempt, () => 0.5));
    expect(middle).toEqual([1000, 2000, 4000, 15_000]);
  });
});

describe('routes', () => {
  it('survive being written and read', () => {
    for (const route of [
      { screen: 'wall' },
      { screen: 'operate', page: '' },
      { screen: 'operate', page: 'people' },
      { screen: 'day', camera: 'cameras/gate-1', date: null },
      { screen: 'day', camera: 'cameras/gate-1', date: '2025-11-22' },
      { screen: 'find', query: '' },
      { screen: 'find', query: 'latitude=31.6&longitude=113.8' },
      { screen: 'evidence', tab: 'holds' },
      { screen: 'day', camera: 'cameras/gate-1', date: null, beside: ['cameras/bridge', 'cameras/a-2'] },
      {
        screen: 'day',
        camera: 'cameras/gate',
        date: '2026-11-26',
        beside: ['cameras/bridge'],
        at: 1764117005000,
      },
      { screen: 'device', userCode: '' },
      { screen: 'device', userCode: 'WDJB-MJHT' },
    ] as const) {
      expect(parseRoute(hrefOf(route))).toEqual(route);
    }
  });

  it('that are nonsense lead to the wall', () => {
    expect(parseRoute('#/cameras/../../etc')).toEqual({ screen: 'wall' });
    expect(parseRoute('#/device?user_code=<script>')).toEqual({ screen: 'wall' });
  });
});

describe('the camera form', () => {
  const filled = {
    ...NEW_CAMERA,
    display_name: '桥头',
    region: 'regions/421381',
    source_url: 'rtsp://10.0.0.1/',
  };

  it('asks for what is required and refuses what cannot be', () => {
    expect(faultsOf(filled)).toEqual({});
    expect(faultsOf(NEW_CAMERA)).toEqual({
      display_name: 'required',
      region: 'required',
      source_url: 'required',
    });
    expect(faultsOf({ ...filled, camera_id: '-a', latitude: '31', retention_days: 'x' })).toEqual({
      camera_id: 'badId',
      longitude: 'bothCoordinates',
      retention_days: 'badNumber',
    });
  });

  it('sends only what was changed', () => {
    expect(changesOf(filled, filled)).toEqual({});
    expect(changesOf(filled, { ...filled, display_name: ' 新桥 ', retention_days: '60' })).toEqual({
      display_name: '新桥',
      retention_days: 60,
    });
    const located = { ...filled, latitude: '31.8', longitude: '113.9' };
    expect(changesOf(located, filled)).toEqual({ location: null });
    expect(draftOf(located).location).toEqual({ latitude: 31.8, longitude: 113.9 });
  });

  it('finds the field that a problem names', () => {
    expect(formField('camera.source_url')).toBe('source_url');
    expect(formField('location.longitude')).toBe('longitude');
    expect(formField('etag')).toBeNull();
  });
});

describe('the health of a stream', () => {
  it('is told with as many digits as matter, and not at all where it is not known', () => {
    expect([undefined, 0, 0.0004, 0.02, 0.5].map(formatLoss)).toEqual([
      undefined,
      '0 %',
      '0.04 %',
      '2.00 %',
      '50 %',
    ]);
    expect([undefined, 0, 7.26, -1500].map(formatMilliseconds)).toEqual([
      undefined,
      '0 ms',
      '7 ms',
      '−1500 ms',
    ]);
  });
});
