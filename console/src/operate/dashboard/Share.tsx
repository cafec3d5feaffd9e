import { formatRatio } from '../../i18n/format';

/** A share with a bar before it; the number says it all. */
export function Share({ value }: { value: number | null }) {
  if (value === null) return <span className="faint">–</span>;
  return (
    <span className="share">
      <span className="share-track" aria-hidden="true">
        <span
          className={value < 0.9 ? 'share-bar share-bar-low' : 'share-bar'}
          style={{ width: `${Math.min(1, value) * 100}%` }}
        />
      </span>
      <span className="digits">{formatRatio(value)}</span>
    </span>
  );
}
