import { useRef } from 'react';
import { useWidth } from '../../day/useWidth';
import { rem } from '../../design/unit';
import { formatRatio } from '../../i18n/format';
import { useWords } from '../words/useWords';
import { bands, labelled, rateAxis, rateY } from './chart';

export interface RatePoint {
  key: string;
  /** Below the band. */
  short: string;
  /** In the table and the tooltip. */
  long: string;
  rate: number | null;
}

interface RateChartProps {
  label: string;
  points: readonly RatePoint[];
}

const HEIGHT = 170;
const LEFT = 66;
const BOTTOM = 22;
const TOP = 8;
const FONT = 12;

/** Rates over time: a picture, and the same as a table for whoever does not see it. */
export function RateChart({ label, points }: RateChartProps) {
  const words = useWords();
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  return (
    <div className="chart" ref={box}>
      {width > LEFT ? <Picture label={label} points={points} width={width} /> : null}
      <details className="chart-table">
        <summary>{words.dashboard.asTable}</summary>
        <table className="table">
          <caption className="visually-hidden">{label}</caption>
          <thead>
            <tr>
              <th scope="col">{words.dashboard.time}</th>
              <th scope="col">{words.dashboard.rate}</th>
            </tr>
          </thead>
          <tbody>
            {points.map((point) => (
              <tr key={point.key}>
                <th scope="row">{point.long}</th>
                <td className="digits">{point.rate === null ? '–' : formatRatio(point.rate)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </div>
  );
}

function Picture({ label, points, width }: RateChartProps & { width: number }) {
  const axis = rateAxis(points.map((point) => point.rate));
  const plotWidth = width - LEFT;
  const plotHeight = HEIGHT - TOP - BOTTOM;
  const columns = bands(points.length, plotWidth);
  const labels = new Set(labelled(points.length, plotWidth, 56));
  return (
    <svg
      width={rem(width)}
      height={rem(HEIGHT)}
      viewBox={`0 0 ${width} ${HEIGHT}`}
      role="img"
      aria-label={label}
    >
      {axis.ticks.map((tick) => {
        const y = TOP + rateY(tick, axis, plotHeight);
        return (
          <g key={tick}>
            <line className="chart-line" x1={LEFT} x2={width} y1={y} y2={y} />
            <text className="chart-text" x={LEFT - 8} y={y + 4} fontSize={FONT} textAnchor="end">
              {percent(tick)}
            </text>
          </g>
        );
      })}
      {points.map((point, index) => {
        const column = columns[index];
        if (column === undefined) return null;
        const x = LEFT + column.x;
        return (
          <g key={point.key}>
            <title>{`${point.long}: ${point.rate === null ? '–' : formatRatio(point.rate)}`}</title>
            {point.rate === null ? null : (
              <rect
                className={point.rate < 0.9 ? 'chart-bar chart-bar-low' : 'chart-bar'}
                x={x}
                width={column.width}
                y={TOP + Math.min(rateY(point.rate, axis, plotHeight), plotHeight - 2)}
                height={Math.max(2, plotHeight - rateY(point.rate, axis, plotHeight))}
              />
            )}
            {labels.has(index) ? (
              <text className="chart-text" x={x} y={HEIGHT - 6} fontSize={FONT}>
                {point.short}
              </text>
            ) : null}
          </g>
        );
      })}
    </svg>
  );
}

function percent(fraction: number): string {
  return `${Math.round(fraction * 1000) / 10} %`;
}
