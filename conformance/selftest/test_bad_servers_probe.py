import json
import pytest
from conformance.selftest.servers import *
from conformance.selftest.servers import Asked

LONG="x"*100_000
DEEP=b'{"plans":'+b"["*100_000+b"]"*100_000+b"}"
import gzip
def endless(a):
    endless.n+=1
    return reply({"plans":[{"id":f"p{endless.n}"}],"applications":[{"id":endless.n}],"backups":[],"meta":{"total":3,"links":{"next":f"n{endless.n}","prev":""}}})
endless.n=0
BAD={
 "5xx": lambda a: reply({"error":"x"},"500 Oops"),
 "notjson": lambda a: reply("{nope"),
 "deep": lambda a: reply(DEEP),
 "garbage": lambda a: reply(b"\xff\x00"*5_000_000),
 "nothttp": lambda a: b"SSH-2.0-hello\r\n\r\n",
 "badgzip": lambda a: reply(b"not gzip", content_encoding="gzip"),
 "midbody": lambda a: b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
 "redirect": lambda a: reply(b"", "302 Found", location=a.target),
 "endless": endless,
 "list": lambda a: reply([1,None,"x"]),
 "scalar": lambda a: reply("5"),
 "null": lambda a: reply("null"),
 "odd": lambda a: reply({"plans":[1,None,"x",[2],{"id":None},{"id":[1]},{"id":{}}],"applications":[1,None,"x",[2],{"id":[1],"type":{}}],"backups":[1,[2]],"domains":[1,None,{"domain":[]}],"domain":[1],"user":3,"account":"x","meta":{"total":"x","links":[1]}}),
 "oddmeta": lambda a: reply({"plans":[{"id":"a"}]*3,"applications":[{"id":1,"type":["x"]},{"id":2,"type":{}},{"id":3}],"backups":[{"id":0},{"id":False}],"domains":[{"domain":5}],"domain":{"domain":5},"user":None,"account":None,"meta":5}),
 "longnext": lambda a: reply({"plans":[{"id":"a"}],"applications":[{"id":1}],"backups":[{"id":0}],"domains":[{"domain":"a.b"}],"domain":{"domain":"a"},"meta":{"total":1e400 if 0 else 10**30,"links":{"next":LONG,"prev":{"a":1}}}}),
 "ctlnext": lambda a: reply({"plans":[{"id":"a"}],"applications":[{"id":1}],"backups":[{"id":0}],"domains":[{"domain":"a\x00\n/../b"}],"domain":{"domain":""},"meta":{"total":-5,"links":{"next":"a\x00\r\n\ud83d\ude00","prev":True}}}),
 "float": lambda a: reply(b'{"plans":[{"id":1e999,"vcpu_count":1e999}],"applications":[{"id":1e999}],"backups":[],"account":{"balance":1e999},"meta":{"total":1e999,"links":{"next":"","prev":""}}}'),
 "weirdtype": lambda a: reply({"plans":[]}, content_type=";;;\xff"),
 "status999": lambda a: reply({"error":"x"},"999 Odd"),
 "status100": lambda a: reply({"error":"x"},"600 Odd"),
 "emptystatus": lambda a: b"",
 "dupheaders": lambda a: b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
 "bigheader": lambda a: reply({"plans":[]}, x_big="y"*200_000),
 "409": lambda a: reply({"error":"x"},"429 Slow", retry_after="99999999999999999999"),
 "201all": lambda a: reply({"domain":{"domain":"x"*200}, "domains":[]},"201 Created"),
}
@pytest.mark.parametrize("name",BAD)
def test_probe(suite,name):
    import time
    t=time.time()
    with raw_server(BAD[name]) as server:
        ran=suite("--target",server.url+"/v2","-q","--tb=long","--allow-writes")
    print(name, ran.status, server.requests, round(time.time()-t,2))
    print("verdicts", __import__("collections").Counter(ran.verdicts.values()), len(ran.outcomes))
    bad=[k for k,v in ran.outcomes.items() if k not in ran.verdicts]
    print("NO VERDICT", bad)
    if "Traceback" in ran.text or bad:
        i=ran.text.find("FAILURES"); print(ran.text[i:i+6000] if bad else ran.text[ran.text.find("Traceback")-500:][:3000])
    else: print(ran.text[-1500:])
