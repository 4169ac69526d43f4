import time
from tests.support.company import Company, person_customer
def test_speed(company: Company):
    p = company.program(); r=[company.rep(f"r{i}") for i in range(4)]
    t=time.perf_counter(); ids=[]
    for i in range(60):
        c=r[i%4].made("/v1/claims", {"program": p, "customer": person_customer("王小"+chr(0x4e00+i), f"138{i:08d}")}); ids.append((r[i%4],c["id"]))
    print("report", (time.perf_counter()-t)/60)
    t=time.perf_counter()
    for x,i in ids: x.made(f"/v1/claims/{i}/follow-ups", {"kind":"call","note":"谈了户型、预算和下次看房时间安排"})
    print("fu", (time.perf_counter()-t)/60)
    t=time.perf_counter()
    for x,i in ids: x.made(f"/v1/claims/{i}/follow-ups", {"kind":"call","note":"谈了户型、预算和下次看房时间安排2"})
    print("fu2", (time.perf_counter()-t)/60)
    t=time.perf_counter()
    for x,i in ids: x.get(f"/v1/claims/{i}")
    print("get", (time.perf_counter()-t)/60)
    t=time.perf_counter()
    for x,i in ids: x.get(f"/v1/claims/{i}/timeline")
    print("tl", (time.perf_counter()-t)/60)
    t=time.perf_counter()
    for x in r: print(len(x.get("/v1/claims?limit=200").json()["items"]))
    print("list", (time.perf_counter()-t)/4)
    t=time.perf_counter()
    for x,i in ids: x.post(f"/v1/claims/{i}/accept")
    print("refused", (time.perf_counter()-t)/60)
