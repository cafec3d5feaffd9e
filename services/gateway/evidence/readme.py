"""What a package says of itself to whoever receives it."""

_TEXT = """\
监控录像证据包 / Video evidence package
=======================================

导出编号 / export      : {export}
案件编号 / case        : {case_number}
导出时间 / exported at : {create_time} (UTC)
时间范围 / window      : {start} - {end} (UTC)

内容 / Contents
---------------
rendered/*.mp4      录像文件，可用任何播放器播放。未录像的时段不在文件中，原因见 manifest.json。
                    The footage; any player plays it. Time that was not recorded is left out; manifest.json
                    says why.
manifest.json       清单：每个文件的 SHA-256、起止时间、重新编码的部分、缺失时段及原因。
                    The list: SHA-256 of each file, begin and end, what was encoded anew, gaps and causes.
manifest.json.jws   清单的数字签名（Ed25519，RFC 7515）。
                    The signature of the list (Ed25519, RFC 7515).

核验 / How to verify
--------------------
1. 解压本包。从导出单位另行取得公钥 cluster.jwk（不要用本包自带的公钥）。
   Unpack. Get the public key cluster.jwk from the issuing office, on another way than this package.
2. 运行 / run:
       snowlight verify manifest.json --key cluster.jwk
   最后一行为 “whole and as it was signed” 即完整且未被改动。无需网络和服务器。
   “whole and as it was signed” in its last line: nothing is missing and nothing was changed. Neither network
   nor server is needed.
3. 仅核对单个文件 / a single file alone:
       sha256sum rendered/*.mp4        (Windows: certutil -hashfile FILE SHA256)
   与 manifest.json 中的 sha256 比较 / compare with its sha256 in manifest.json.
"""


def readme(*, export: str, case_number: str, create_time: str, start: str, end: str) -> bytes:
    """README.txt. Begins with a byte order mark: Windows takes it for UTF-8 then."""
    text = _TEXT.format(export=export, case_number=case_number, create_time=create_time, start=start, end=end)
    return "\ufeff".encode() + text.replace("\n", "\r\n").encode()
