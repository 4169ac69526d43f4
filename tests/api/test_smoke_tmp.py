def test_smoke(company):
    p = company.program()
    print(company.admin.get(f"/v1/programs/{p}").text)
    r = company.rep()
    c = r.post("/v1/claims", {"program": p, "customer": {"kind":"person","name":"王小明","phone":"13812345678"}}); print(c.text); assert c.status_code == 201
