def test_smoke(company):
    me = company.admin.get("/v1/me"); print(me.text); assert me.status_code == 200
    t = company.team("A")
    r = company.rep(team=t)
    l = company.leader(t)
    print(company.admin.get("/v1/people").text)
    print(r.get(f"/v1/people/{l.id}").text, r.get("/v1/me").text)
