import './watermark.css';

const COPIES = 12;

/** The viewer's mark over a picture, so that a photo of the screen tells who looked. */
export function Watermark({ text }: { text: string }) {
  if (text === '') return null;
  return (
    <div className="watermark" data-testid="watermark" aria-hidden="true">
      {Array.from({ length: COPIES }, (_, index) => (
        <span key={index}>{text}</span>
      ))}
    </div>
  );
}
